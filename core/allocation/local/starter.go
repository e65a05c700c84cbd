package local

import (
	"os/exec"
	"runtime"
	"sync"
)

// starter forks every process from one OS thread that lives as long as the
// fleet. On Linux the signal that ends a child with its parent is sent when the
// thread that forked it ends, not the process.
type starter struct {
	cpus *cpuSets
	jobs chan startJob
	done chan struct{}
	once sync.Once
}

type startJob struct {
	cmd    *exec.Cmd
	result chan<- startResult
}

type startResult struct {
	proc *process
	err  error
}

func newStarter(cpus int) *starter {
	st := &starter{cpus: newCPUSets(cpus), jobs: make(chan startJob), done: make(chan struct{})}
	go st.run()
	return st
}

func (st *starter) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(st.done)
	for job := range st.jobs {
		var r startResult
		// A child has the CPUs of the thread that forks it, from its first moment on.
		if r.err = st.cpus.enter(); r.err == nil {
			r.proc, r.err = fork(job.cmd)
			st.cpus.leave()
		}
		job.result <- r
	}
}

func (st *starter) start(cmd *exec.Cmd) (*process, error) {
	result := make(chan startResult, 1)
	st.jobs <- startJob{cmd, result}
	r := <-result
	return r.proc, r.err
}

// stop ends the thread. No process may be left and nobody may call start.
func (st *starter) stop() {
	st.once.Do(func() { close(st.jobs) })
	<-st.done
}
