package local

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOutputRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.log")
	o, err := newOutput(path)
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.Repeat([]byte("x"), 1<<20)
	for range 3*maxLog/len(line) + 1 {
		if n, err := o.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	fmt.Fprintln(o, "the last line")
	o.close()
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.Stat(path + ".1")
	if err != nil {
		t.Fatal(err)
	}
	if len(now) > maxLog || old.Size() > maxLog || !bytes.HasSuffix(now, []byte("the last line\n")) {
		t.Errorf("sizes are %d and %d", len(now), old.Size())
	}
	if tail := o.tail(); len(tail) > tailBytes || !strings.HasSuffix(tail, "the last line") {
		t.Errorf("tail is %q", tail)
	}
	if _, err := o.Write(line); err != nil {
		t.Errorf("after close: %v", err)
	}
}

func TestPruneLogs(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		for _, suffix := range []string{".log", ".log.1"} {
			path := filepath.Join(dir, fmt.Sprintf("m-%d%s", i, suffix))
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Time{}, time.Unix(int64(1000+i), 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 3 { // newer than all, and still not in their place
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("warm.%016x.log", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "keep.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := pruneLogs(dir, 3, 0, func(id string) bool { return id == "m-1" }); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := "keep.txt m-1.log m-1.log.1 m-7.log m-7.log.1 m-8.log m-8.log.1 m-9.log m-9.log.1"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("left are %s", got)
	}
}
