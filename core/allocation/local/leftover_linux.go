package local

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// runs reports whether the process with this pid is the one that began then.
func runs(pid int, begun string) bool {
	st, err := readStat(pid)
	if err != nil || st.dead() {
		return false
	}
	now, err := beginning(pid)
	return err == nil && now == begun
}

// leftoverRuns reports whether anything of a recorded server still runs. Its
// first process is known by pid and start time. When that one is dead, its group
// may live on: the pid is not given out again as long as the group has a member,
// and a member is known by the ports in its environment, so a new owner of the
// pid is never taken for ours.
func leftoverRuns(r record) bool {
	if st, err := readStat(r.PID); err == nil && !st.dead() {
		return runs(r.PID, r.Begun)
	}
	boot, err := bootID()
	if err != nil || !strings.HasPrefix(r.Begun, boot+"/") {
		return false
	}
	for _, pid := range groupMembers(r.PID) {
		if hasPorts(pid, r) {
			return true
		}
	}
	return false
}

// leftoverGone reports whether nothing is left of a server for which leftoverRuns
// held. A process that is just dying has no environment any more, but still its
// ports: it is not gone, though nobody could tell whose it is.
func leftoverGone(r record) bool {
	return !runs(r.PID, r.Begun) && len(groupMembers(r.PID)) == 0
}

func hasPorts(pid int, r record) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil || len(r.Ports) == 0 {
		return false
	}
	env = append([]byte{0}, env...)
	sidecar := fmt.Sprintf("\x00AGONES_SDK_HTTP_PORT=%d\x00", r.Sidecar)
	if !bytes.Contains(env, []byte(sidecar)) {
		return false
	}
	for _, port := range r.Ports {
		if !bytes.Contains(env, fmt.Appendf(nil, "_PORT=%d\x00", port)) {
			return false
		}
	}
	return true
}

// signalLeftover signals the group of a server for which leftoverRuns held.
func signalLeftover(r record, hard bool) {
	sig := unix.SIGTERM
	if hard {
		sig = unix.SIGKILL
	}
	_ = unix.Kill(-r.PID, sig)
}

func systemEnvironment(map[string]string) {}
