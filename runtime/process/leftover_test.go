//go:build linux

package process

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
)

// killedParent runs a Muster with a plugin of that mode, kills it, and returns the
// plugin's pid.
func killedParent(t *testing.T, mode string) int {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "TEST_PARENT="+mode, "TMPDIR="+shortDir(t)) // which a killed server leaves
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatal("the plugin does not run")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return pid
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

// TestPluginDoesNotOutliveTheServer kills the server with a signal that it cannot
// catch: once as it is, once with only the plugin's own watch over its parent, once
// with a plugin that has none.
func TestPluginDoesNotOutliveTheServer(t *testing.T) {
	t.Setenv("TEST_DESCRIPTION", `{"name":"liar","version":"1","points":["rpc"]}`)
	for _, mode := range []string{"plugin", noDeathSignal, "liar"} {
		t.Run(mode, func(t *testing.T) { gone(t, killedParent(t, mode)) })
	}
}

// TestNothingStays starts and closes many times, and counts what there is.
func TestNothingStays(t *testing.T) {
	dir := shortDir(t)
	t.Setenv("TMPDIR", dir)
	once := func() {
		p, err := Start(t.Context(), options(t, "plugin", nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask(t.Context(), p, "echo", ""); err != nil {
			t.Error(err)
		}
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	once()
	before := openFiles(t)
	for range 50 {
		once()
	}
	if after := openFiles(t); after > before+2 {
		t.Errorf("%d files are open, %d were", after, before)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestItsChildrenEndWithIt has the plugin start a process that holds its output
// open, and kills the plugin.
func TestItsChildrenEndWithIt(t *testing.T) {
	o := options(t, "plugin", nil)
	w := watch(&o)
	p := begin(t, o)
	r, err := p.Impl().Rpc(t.Context(), &hook.RpcRequest{Name: "spawn"})
	if err != nil {
		t.Fatal(err)
	}
	pid := int(r.GetPayload().GetNumberValue())
	if !alive(pid) {
		t.Fatal("it has no child")
	}
	kill9(t, p.Status().PID)
	w.restarted(t, 1)
	gone(t, pid)
}

// TestThreads holds that the thread which started a plugin stays: the kernel ends
// the plugin with it.
func TestThreads(t *testing.T) {
	o := options(t, "plugin", nil)
	p := begin(t, o)
	pid := p.Status().PID
	done := make(chan struct{})
	go func() { // threads come and go
		defer close(done)
		for range 200 {
			lockedAndGone()
		}
	}()
	<-done
	if got, err := ask(t.Context(), p, "echo", "x"); got != "x" || p.Status().PID != pid {
		t.Error(err)
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil || !strings.Contains(string(stat), "PPid:\t"+itoa(os.Getpid())+"\n") {
		t.Errorf("it is not our child: %v", err)
	}
}
