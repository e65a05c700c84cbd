package plugin

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// child is this program as another one.
func child(t *testing.T, mode string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "TEST_CHILD="+mode)
	return cmd
}

func TestStartedByHand(t *testing.T) {
	cmd := child(t, "by hand")
	var said strings.Builder
	cmd.Stderr = &said
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Error(err)
	}
	want := `Every Thing 2.1.0 is a plugin of Muster: the server starts it, nobody else does.
Serves all there is.
It serves allocate, authenticate, validate_start. In config.hcl:

    plugin "every-thing" {
      command = ["` + cmd.Path + `"]
      config {
        text = ""   # A text.
        api_key = env("API_KEY")
        # mode = "soft"   # How. One of soft, hard.
        # on = true
        # count = -3
        # share = 0.25
        # wait = "1m30s"
        # list = ["a", "b"]
        # map = {"x" = "1", "y" = "2"}
        # plain = ""
      }
    }

and in the game's block:

    auth = ["anonymous", "every-thing"]
    allocate "plugin" {
      use = "every-thing"
    }
    hooks "plugin" {
      use = "every-thing"
    }

Then: muster config check
`
	if said.String() != want {
		t.Errorf("it says\n%s", said.String())
	}
	if out, err := child(t, "mistaken").CombinedOutput(); err == nil || !strings.HasPrefix(string(out), "plugin: ") {
		t.Errorf("%s %v", out, err)
	}
}

// TestEndsWithItsParent closes the pipe that is the process's standard input, as a
// server does that dies.
func TestEndsWithItsParent(t *testing.T) {
	cmd := child(t, "watch")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	watching(t, cmd)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	waits(t, cmd.Wait)
}

// watching starts cmd and waits until it watches.
func watching(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); line != "watching\n" {
		t.Fatal(line, err)
	}
	return r
}

func waits(t *testing.T, ended func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- ended() }()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it goes on")
	}
}
