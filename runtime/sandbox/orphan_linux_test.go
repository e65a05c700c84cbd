package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// asServer makes the test's program be a server with a child that does not end, whose
// pid it says.
const asServer = "MUSTER_TEST_SERVER"

func serverWithChild() {
	s := as("silent", Options{Build: Limits{Time: time.Hour}})
	go func() { _, _ = s.Build(context.Background(), bundle.Options{Entry: "/arena.ts"}) }()
	for {
		if pid := strings.TrimSpace(children()); pid != "" {
			fmt.Println(pid)
			break
		}
	}
	select {}
}

// TestOrphans holds that a child ends with its server, however that ends.
func TestOrphans(t *testing.T) {
	server := exec.Command(os.Args[0])
	server.Env = []string{asServer + "=yes"}
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, wrong := strconv.Atoi(strings.TrimSpace(line))
	_ = server.Process.Kill()
	_ = server.Wait()
	if err := errors.Join(err, wrong); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); syscall.Kill(pid, 0) == nil && !zombie(pid); {
		if time.Now().After(deadline) {
			t.Fatalf("process %d lives on", pid)
		}
	}
}

// zombie says that nobody has reaped a process that has ended.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(text), ") Z ")
}
