//go:build linux

package examples_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// TestPythonEncrypts has it use mutual TLS where it can, and the plain socket where
// not.
func TestPythonEncrypts(t *testing.T) {
	needPython(t)
	without, err := filepath.Abs("testdata/without")
	if err != nil {
		t.Fatal(err)
	}
	can := exec.Command(interpreter, "-c", `import cryptography, importlib.metadata as m
assert m.distribution("grpcio").read_text("WHEEL") is None`).Run() == nil
	for path, want := range map[string]bool{"": can, without: false} {
		o := pythonOptions(validate, nil)
		o.Env["PYTHONPATH"] = path
		kept := logged(&o)
		p := begin(t, o)
		if err := p.Impl().ValidateStart(t.Context(), teams("a", "b")); err != nil {
			t.Error(err)
		}
		lines := kept.FilterMessage("listening")
		if lines.Len() != 1 || lines.All()[0].ContextMap()["encrypted"] != want {
			t.Errorf("%q: %v, want encrypted %t", path, kept.All(), want)
		}
	}
}

// TestPythonStartedByHand wants a sentence and the block for config.hcl.
func TestPythonStartedByHand(t *testing.T) {
	needPython(t)
	out, err := python(validate).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is a plugin of Muster: the server starts it") || !strings.Contains(string(out), "command = [") {
		t.Errorf("%v: %s", err, out)
	}
}

func python(args ...string) *exec.Cmd {
	cmd := exec.Command(interpreter, args...)
	for name, value := range environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// TestPythonEnds plays the server for a while: the process must end by itself when
// its standard input does, and when it is asked to.
func TestPythonEnds(t *testing.T) {
	needPython(t)
	for how, end := range map[string]func(*os.Process, io.Closer) error{
		"standard input ends": func(_ *os.Process, in io.Closer) error { return in.Close() },
		"SIGTERM":             func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGTERM) },
	} {
		t.Run(how, func(t *testing.T) {
			dir := shortDir(t)
			cmd := python(validate)
			cmd.Env = append(cmd.Env, wire.EnvCookie+"="+wire.Cookie, "PLUGIN_PROTOCOL_VERSIONS=7,1", "PLUGIN_UNIX_SOCKET_DIR="+dir)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if want := fmt.Sprintf("1|1|unix|%s/plugin-%d.sock|grpc|\n", dir, cmd.Process.Pid); line != want {
				t.Errorf("%q, want %q: %v", line, want, err)
			}
			if err := end(cmd.Process, in); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPythonDoesNotOutliveTheServer kills a Muster with a signal that it cannot
// catch.
func TestPythonDoesNotOutliveTheServer(t *testing.T) {
	needPython(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "TEST_HOST=1", "TMPDIR="+shortDir(t)) // which a killed server leaves
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, err = fmt.Fscan(out, &pid)
	if err != nil || !alive(pid) {
		t.Errorf("the plugin does not run: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	until(t, "gone", func() bool { return !alive(pid) })
}

// shortDir is a folder for sockets; the path of t.TempDir is too long.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
