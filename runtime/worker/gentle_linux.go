package worker

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// niceness is how much a worker stands back behind the server when there are too few
// processors: a script at its deadline must not take the one that the server needs,
// but serve it must.
const niceness = 5

// gentle makes the process stand back. The kernel knows that of threads alone, and
// new ones are as gentle as those which start them: so it goes on until all are.
func gentle() {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0) // 20 minus the niceness
	if err != nil {
		return
	}
	for done := map[int]bool{}; ; {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return
		}
		before := len(done)
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil || done[id] {
				continue
			}
			done[id] = true
			_ = unix.Setpriority(unix.PRIO_PROCESS, id, 20-raw+niceness)
		}
		if len(done) == before {
			return
		}
	}
}
