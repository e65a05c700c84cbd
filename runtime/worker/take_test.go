package worker

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestTake holds that what a worker writes is read as what anybody could have
// written, from the file that was made for it.
func TestTake(t *testing.T) {
	r := script.NewRecording(hook.PointRpc, &hook.RpcRequest{Name: "f"})
	r.Game, r.Entry, r.Tape = "arena", "arena.ts", []script.Step{{Timer: 7}}
	good, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		ok   bool
	}{
		"a recording": {good, true}, "nothing": {nil, false}, "half of one": {good[:len(good)/2], false}, "anything": {[]byte("\x00\xff"), false},
		"too much": {append(bytes.Repeat([]byte(" "), script.MaxRecording), good...), false}, "something behind it": {append(good[:len(good):len(good)], "{}"...), false},
	} {
		path := filepath.Join(t.TempDir(), "recording")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		taken, err := take(f)
		if (err == nil) != c.ok || c.ok && taken.Tape[0].Timer != 7 || errors.Is(err, errNothing) != (name == "nothing") {
			t.Errorf("%s: %v, %v", name, taken, err)
		}
		// Another file at its path is nothing to us.
		if name == "a recording" {
			if err := errors.Join(os.Remove(path), os.Symlink("/etc/hostname", path)); err != nil {
				t.Fatal(err)
			}
			if _, err := take(f); err != nil {
				t.Error(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := report(filepath.Join(t.TempDir(), "none"), r); err == nil {
		t.Error("a worker makes files")
	}
}
