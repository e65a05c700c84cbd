package sandbox

import (
	"context"
	"os"
	"slices"
	"time"
)

// Limits bound one child process.
type Limits struct {
	// Time is how long it may take.
	Time time.Duration
	// Memory is how many bytes it may use beyond what it does when it is idle.
	Memory int64
}

// What children have where nobody says.
var (
	buildLimits = Limits{10 * time.Second, 256 << 20}
	testLimits  = Limits{30 * time.Second, 512 << 20}
)

// atOnce is how many children of a kind run at the same time; others wait.
const atOnce = 4

// Options may be left zero.
type Options struct {
	// Build bounds the making of a bundle, Test a run of all tests of a folder.
	Build, Test Limits
}

// Sandbox runs children. Its methods may be called from any goroutine; nothing is
// left of a call that has returned.
type Sandbox struct {
	build, test kind
	// program is what is run, with args.
	program func() (string, error)
	args    []string
}

// kind is one kind of work.
type kind struct {
	limits Limits
	turns  chan struct{} // holds one token for each child that runs
}

// New makes a sandbox.
func New(o Options) *Sandbox {
	return &Sandbox{build: newKind(o.Build, buildLimits), test: newKind(o.Test, testLimits), program: ownProgram, args: Args()}
}

func newKind(l, usual Limits) kind {
	if l.Time <= 0 {
		l.Time = usual.Time
	}
	if l.Memory <= 0 {
		l.Memory = usual.Memory
	}
	return kind{l, make(chan struct{}, atOnce)}
}

// begin waits for its turn. end gives it to the next.
func (k *kind) begin(ctx context.Context) error {
	select {
	case k.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *kind) end() { <-k.turns }

// Args are the arguments that make a process of this program a child.
func Args() []string { return []string{"hooks", "sandbox"} }

const (
	// envCookie is the variable by which a child knows that it was not started by hand.
	envCookie = "MUSTER_SANDBOX"
	cookie    = "5d1c0e1fd9d94a6c"
	// envMemory tells a child how many bytes it may use.
	envMemory = "MUSTER_SANDBOX_MEMORY"
)

// Started says that a server has started this process as a child.
func Started() bool { return slices.Equal(os.Args[1:], Args()) && os.Getenv(envCookie) == cookie }
