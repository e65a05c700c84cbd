package process

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"syscall"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/runtime/memory"
)

// Bounds of what a process uses beside its allowance.
const (
	// startMemory is what it may use more until it is configured: nobody knows yet what
	// it needs to be idle.
	startMemory = 1 << 30
	// stacks is what the kernel grants more, which bounds what is asked for and not what
	// is used: every thread asks for a stack of 8 MiB and uses little of it.
	stacks = 256 << 20
	// mostMemory is as good as no limit, and can be added to.
	mostMemory = 1 << 50
)

// maxFamily is how many processes of a plugin are bounded.
const maxFamily = 16

// memoryError is the cause of an end by the guard.
type memoryError struct {
	used, allowance int64
	starting        bool
}

func (e *memoryError) Error() string {
	if e.starting {
		return fmt.Sprintf("it was ended because it used %d MiB of memory before it was configured; it may use %d MiB", e.used>>20, e.allowance>>20)
	}
	return fmt.Sprintf("it was ended because it used %d MiB more memory than when it was idle; memory_limit is %d MiB", e.used>>20, e.allowance>>20)
}

// settle is called when the process is configured and idle: from now on it may use its
// allowance more, which the kernel keeps too.
func (i *instance) settle() {
	g := i.guard
	if g == nil {
		return
	}
	family := familyOf(i.pid())
	kept := memory.Kept
	for _, pid := range family {
		err := memory.Limit(pid, g.allowance+stacks)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			kept = "a watcher of what is used"
			i.opts.Logger.Warn("the kernel does not keep the memory limit", zap.Error(err))
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.family, g.idle, g.kept = family, usedBy(family), kept
	g.used, g.most = g.idle, g.idle+g.allowance
}

// noMemory finds the last words of a program that was not given the memory which it
// asked for.
var noMemory = regexp.MustCompile(`(?i)out of memory|cannot allocate|failed to allocate|memoryerror|bad_alloc|allocation of \d+ bytes failed`)

// died says how a process ended which had this to say at last: perhaps that it was not
// given memory.
func (i *instance) died(how, text string) error {
	if i.guard != nil && noMemory.MatchString(text) {
		i.ranOut()
		how += fmt.Sprintf(" for want of memory, its memory_limit is %d MiB", i.guard.allowance>>20)
	}
	return fmt.Errorf("%s; it last printed:\n%s", how, text)
}

// MemoryStatus is what there is to say of a process's memory.
type MemoryStatus struct {
	// Limit is how many bytes it may use beyond what it does when it is idle; 0: as
	// many as there are.
	Limit int64
	// Kept says who keeps that; empty: nobody.
	Kept string
	// Used is what the process used when it was looked at last; 0: there is none.
	Used int64
	// Most is what it may use, the idle part too.
	Most int64
	// Ended is how often a process was ended for it.
	Ended int
}

// Memory is how the process's memory is.
func (p *Process) Memory() MemoryStatus {
	s := MemoryStatus{Limit: p.opts.Memory, Ended: int(p.ranOut.Load())}
	if i := p.current.Load(); i != nil && i.guard != nil {
		i.guard.mu.Lock()
		defer i.guard.mu.Unlock()
		s.Kept, s.Used, s.Most = i.guard.kept, i.guard.used, i.guard.most
	} else if s.Limit > 0 {
		s.Kept = memory.Kept
	}
	return s
}
