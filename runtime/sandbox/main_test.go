package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestMain is the tests, and the children that they start: those of Serve, and others
// that are told by a further argument how to behave.
func TestMain(m *testing.M) {
	if Started() {
		Serve()
	}
	if os.Getenv(envCookie) == cookie && len(os.Args) > 1 {
		misbehave(os.Args[len(os.Args)-1])
	}
	if os.Getenv(asServer) != "" {
		serverWithChild()
	}
	goleak.VerifyTestMain(m)
}

// as makes a sandbox whose children misbehave.
func as(how string, o Options) *Sandbox {
	s := New(o)
	s.args = append(Args(), how)
	return s
}

// misbehave is a child that is none as Serve is.
func misbehave(how string) {
	out := confine()
	work, err := receive(os.Stdin)
	if err != nil {
		fail("the work cannot be read", err)
	}
	defer runtime.KeepAlive(out) // it would be closed when it is forgotten
	w := newWriter(out)
	switch how {
	case "bare":
		w.bare(string(work.Entry))
	case "silent":
		w.progress("arena.ts", false)
		select {}
	case "flood":
		for {
			w.send(message{Export: strings.Repeat("x", 1000)})
		}
	case "garbage":
		fmt.Fprintln(out, `{"Bundle": }`)
	case "foreign":
		w.send(message{File: "../../etc/passwd"})
		w.send(message{Bundle: &bundled{}})
	case "empty":
		w.send(message{Refused: true})
	case "verdict":
		w.send(message{Tested: &Verdict{}})
	case "bundle":
		w.send(message{Bundle: &bundled{}})
	case "wordless":
	case "talks":
		fmt.Fprintf(os.Stderr, "\x1b[31mno \xff more\nlines")
		os.Exit(7)
	case "printer":
		for text := strings.Repeat("out of ideas ", 1000); ; {
			fmt.Fprintln(os.Stderr, text)
		}
	case "greedy":
		w.progress("arena.test.ts", false)
		for kept := [][]byte{}; ; {
			kept = append(kept, bytes.Repeat([]byte("x"), 1<<20))
		}
	case "killed":
		w.progress("arena.ts", false)
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	case "stranger": // leaves somebody behind who holds its output
		child := exec.Command("/bin/cat") // ends when its input does
		child.Stdin, child.Stdout, child.Stderr = os.Stdin, out.(*os.File), os.Stderr
		detach(child)
		if err := child.Start(); err != nil {
			fail("stranger", err)
		}
	}
	os.Exit(0)
}

// bare compiles one file with the compilers alone: nothing looks at it before.
func (w *writer) bare(entry string) {
	source, err := os.ReadFile(entry)
	if err != nil {
		fail("bare", err)
	}
	w.progress(filepath.Base(entry), false)
	r := api.Transform(string(source), api.TransformOptions{Loader: api.LoaderTS, LogLevel: api.LogLevelSilent})
	w.settled()
	_, err = script.Compile(string(source))
	if err == nil || len(r.Errors) > 0 {
		err = errors.New("compiled, or refused")
	}
	w.send(message{Failed: err.Error()})
}

// folder writes files into a new folder, and returns its path without symbolic links.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// arena is what bundles the arena.ts of files.
func arena(t testing.TB, files map[string]string) bundle.Options {
	t.Helper()
	return bundle.Options{Entry: filepath.Join(folder(t, files), "arena.ts")}
}

// lines is messages as a child writes them.
func lines(messages ...message) string {
	var b strings.Builder
	for _, m := range messages {
		data, err := json.Marshal(m)
		if err != nil {
			panic(err)
		}
		b.Write(append(data, '\n'))
	}
	return b.String()
}
