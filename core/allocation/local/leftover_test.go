//go:build linux

package local

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// parentMain is a Muster that starts a server, says so and waits to be killed.
func parentMain() {
	var o Options
	if err := json.Unmarshal([]byte(os.Getenv("TEST_PARENT")), &o); err != nil {
		panic(err)
	}
	f, err := New(o)
	if err != nil {
		panic(err)
	}
	if err := f.Start(context.Background(), newObserver()); err != nil {
		panic(err)
	}
	s, err := f.Allocate(context.Background(), request("m"))
	if err != nil {
		panic(err)
	}
	for f.Stats().Waiting < o.Warm {
		runtime.Gosched()
	}
	fmt.Println(s.Port, pidOf(f, "m"))
	select {}
}

// killedParent runs a Muster, lets its server start a child, and kills it.
func killedParent(t *testing.T, o Options, spawn bool) (server, grandchild int) {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(o.Command[0])
	cmd.Env = append(os.Environ(), "TEST_PARENT="+string(raw))
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
	var port int
	if _, err := fmt.Sscan(line, &port, &server); err != nil {
		t.Fatal(err)
	}
	if spawn {
		grandchild = spawnBy(t, port)
	}
	// A server that misses its sidecar would end by itself and show nothing.
	orderPort(t, port, "GET", "/mute", "")
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return server, grandchild
}

func spawnBy(t *testing.T, port int) int {
	t.Helper()
	_, answer := orderPort(t, port, "GET", "/spawn", "")
	pid, err := strconv.Atoi(answer)
	if err != nil {
		t.Fatalf("no grandchild: %q", answer)
	}
	return pid
}

// TestKilledMuster: a killed Muster takes its servers with it, and the next one
// ends what they had started, reports the match and forgets it.
func TestKilledMuster(t *testing.T) {
	o := options(t, "serve")
	server, grandchild := killedParent(t, o, true)
	eventually(t, "the server went with it", func() bool { return dead(server) })
	if dead(grandchild) {
		t.Fatal("the grandchild is dead already: the test shows nothing")
	}
	f, obs := startFleet(t, o)
	if !dead(grandchild) {
		t.Error("the grandchild outlived the next start")
	}
	obs.wantEnd(t, "arena m crashed")
	eventually(t, "the record is gone", func() bool { left, _ := os.ReadDir(f.records.dir); return len(left) == 0 })
	allocate(t, f, "m")
}

// TestOtherOwnerOfThePid: a process that has a recorded pid, but began at another
// time, is a stranger. So is the group of one.
func TestOtherOwnerOfThePid(t *testing.T) {
	o := options(t, "serve")
	stranger := exec.Command("/proc/self/exe")
	stranger.Env = []string{"TEST_CHILD=sleep", "AGONES_SDK_HTTP_PORT=5", "GAMEFLOW_DEFAULT_PORT=6"}
	stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()
	defer stranger.Process.Kill()
	begun, err := beginning(stranger.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	boot, ticks, _ := strings.Cut(begun, "/")
	n, _ := strconv.Atoi(ticks)
	f, _ := New(o)
	for i, other := range []string{boot + "/" + strconv.Itoa(n-1), "other-boot/" + ticks, ""} {
		disown(t, f, record{Game: "arena", MatchID: fmt.Sprintf("m-%d", i), PID: stranger.Process.Pid, Begun: other, Sidecar: 5, Ports: []int{6}, Handed: true})
	}
	f, obs := startFleet(t, o)
	for range 3 {
		select {
		case <-obs.ends:
		case <-time.After(20 * time.Second):
			t.Fatal("a lost match was not reported")
		}
	}
	if dead(stranger.Process.Pid) {
		t.Fatal("a stranger was killed")
	}
	eventually(t, "the records are gone", func() bool { left, _ := os.ReadDir(f.records.dir); return len(left) == 0 })

	// With the true start time it is ours.
	disown(t, f, record{Game: "arena", MatchID: "m", PID: stranger.Process.Pid, Begun: begun})
	stopFleet(t, f)
	_, obs = startFleet(t, o)
	if !dead(stranger.Process.Pid) {
		t.Error("a leftover lives")
	}
	obs.wantNoEnd(t) // it never had its match
}

// TestGroupOfAStranger: the first process is dead, its group number is another's:
// the ports in the environment tell.
func TestGroupOfAStranger(t *testing.T) {
	o := options(t, "serve")
	leader := exec.Command("sh", "-c", `"$0" & echo $!`, o.Command[0])
	leader.Env = []string{"TEST_CHILD=sleep", "PATH=" + os.Getenv("PATH"), "AGONES_SDK_HTTP_PORT=5", "GAMEFLOW_DEFAULT_PORT=6"}
	leader.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := leader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := leader.Start(); err != nil {
		t.Fatal(err)
	}
	group := leader.Process.Pid
	begun, err := beginning(group)
	if err != nil {
		t.Fatal(err)
	}
	// Two lines: the member's pid, and the member's word that it runs by now.
	member, reader := 0, bufio.NewReader(out)
	for range 2 {
		line, err := reader.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			member = pid
		}
	}
	defer syscall.Kill(member, syscall.SIGKILL)
	_, _ = leader.Process.Wait()
	out.Close()

	ours := record{Game: "arena", MatchID: "m", PID: group, Begun: begun, Sidecar: 5, Ports: []int{6}}
	for name, spoil := range map[string]func(*record){
		"sidecar": func(r *record) { r.Sidecar = 55 },
		"port":    func(r *record) { r.Ports = []int{66} },
		"ports":   func(r *record) { r.Ports = nil },
		"boot":    func(r *record) { r.Begun = "other/1" },
	} {
		r := ours
		spoil(&r)
		if leftoverRuns(r) {
			t.Errorf("another %s, and it is taken for ours", name)
		}
	}
	if !leftoverRuns(ours) {
		t.Error("ours is not known")
	}
	f, _ := New(o)
	disown(t, f, ours)
	startFleet(t, o)
	if !dead(member) {
		t.Error("a leftover lives")
	}
}

// TestForeignRecords: records of a running Muster stay, broken ones are set aside.
func TestForeignRecords(t *testing.T) {
	o := options(t, "serve")
	f, obs := startFleet(t, o)
	s := allocate(t, f, "m")
	for name, content := range map[string]string{
		"bad.json": "{", "empty.json": "", "name.json": `{"matchId":"other","pid":5}`,
		"init.json": `{"matchId":"init","pid":1}`, "half.json.tmp": "x", "note.txt": "x",
	} {
		if err := os.WriteFile(filepath.Join(f.records.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second := o
	second.Ports = nextPorts(5)
	g, other := startFleet(t, second)
	stopFleet(t, g)
	other.wantNoEnd(t)
	if status, _ := order(t, s, "GET", "/env", ""); status != 200 {
		t.Error("another fleet's server was ended")
	}
	var names []string
	left, _ := os.ReadDir(f.records.dir)
	for _, e := range left {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "bad.json.bad empty.json.bad init.json.bad m.json name.json.bad note.txt" {
		t.Errorf("files are %s", got)
	}
	_ = f.Release(t.Context(), "arena", "m")
	stopFleet(t, f)
	obs.wantNoEnd(t)
}

// disown writes a record as a Muster that is gone has left it.
func disown(t *testing.T, f *Fleet, r record) {
	t.Helper()
	rs := records{dir: f.records.dir, owner: 1 << 30, begun: "then"}
	if err := os.MkdirAll(rs.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := rs.write(r); err != nil {
		t.Fatal(err)
	}
}
