package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// process starts the program itself with nothing but what a fleet gives it.
func process(t *testing.T, f *fleet, env ...string) (a *arena, cmd *exec.Cmd, output *bytes.Buffer) {
	t.Helper()
	port := freePort(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	output = &bytes.Buffer{}
	cmd = exec.Command(self)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.Env = append([]string{"TEST_SERVER=1", "AGONES_SDK_HTTP_PORT=" + f.port(), "GAMEFLOW_DEFAULT_PORT=" + port}, env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a = &arena{t: t, fleet: f, url: "ws://127.0.0.1:" + port + "/", ended: make(chan error, 1)}
	done := make(chan struct{})
	go func() { a.ended <- cmd.Wait(); close(done) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	return a, cmd, output
}

// TestProcess: SIGTERM in the middle of a match is a clean end, and the log is
// JSON without a secret.
func TestProcess(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bot-1"}))
	a, cmd, output := process(t, f, "ARENA_MODE=duel")
	ann := a.dial()
	token := ticket(t, "ann")
	ann.send(map[string]any{"t": "join", "ticket": token})
	if m := ann.until("welcome"); m.Mode != "duel" || m.Duration != 60 {
		t.Fatalf("welcome %+v", m)
	}
	stranger := a.dial()
	stranger.send(map[string]any{"t": "join", "ticket": token + "x"})
	stranger.refused(codeTicket)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ann.refused(codeEnded)
	if err := a.end(); err != nil {
		t.Fatalf("exit: %v\n%s", err, output)
	}
	for line := range strings.Lines(output.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	for _, secret := range []string{token, token[strings.LastIndexByte(token, '.')+1:], testToken, string(testKey), "MDEyMzQ1Njc4"} {
		if strings.Contains(output.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(output.String(), "player joined") {
		t.Errorf("log %s", output)
	}
}

// TestBadEnvironment: a server that cannot play says so and fails.
func TestBadEnvironment(t *testing.T) {
	f := newFleet(t)
	a, _, output := process(t, f, "ARENA_MODE=chess")
	if err := a.end(); err == nil || !strings.Contains(output.String(), "ARENA_MODE") {
		t.Fatalf("exit %v\n%s", err, output)
	}
	if f.count("/ready") != 0 {
		t.Fatal("it said that it is ready")
	}
}
