package process

import (
	"errors"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// Options say which program is run, and how.
type Options struct {
	// Name is the plugin's in the config; logs and errors name it so.
	Name string
	// Command is the program and its arguments. The first word is an absolute path,
	// a path relative to Dir, or a name that is looked up in PATH.
	Command []string
	// Own says that the program is the one that runs already, whatever is in its file
	// by now: Command gives the arguments alone. It is trusted, goes without
	// encryption, and says what it serves once it is configured.
	Own bool
	// Kind is what logs and errors call it; "plugin" by default.
	Kind string
	// Dir is the process's working directory; empty: the server's.
	Dir string
	// SHA256 is the checksum of the program's file, in hex. It is compared before
	// every start.
	SHA256 string
	// RequireChecksum refuses a program without one.
	RequireChecksum bool
	// Env is the process's environment; it gets TMPDIR and what the handshake needs
	// besides, nothing else.
	Env map[string]string
	// Development is told to the plugin, and allows files that the owner's group may
	// write.
	Development bool
	// HostVersion is Muster's version.
	HostVersion string
	// Configure makes the settings that fit the schema, at every start; nil: none.
	Configure func(schema []*pluginpb.Setting) (*structpb.Struct, error)
	// Host is what the plugin reaches of the platform, per game; false: that game
	// does not use it. nil: no game does.
	Host func(game string) (hook.Host, bool)
	// Memory is how many bytes the process may use beyond what it does when it is
	// configured and idle. One that uses more is ended, which is a death like any other;
	// see Memory of Process for who keeps that. 0: it is not bounded.
	Memory int64
	// Logger gets the plugin's lines and what happens to it; nil: nobody.
	Logger *zap.Logger
	// Changed is told of every change of the status, one at a time; nil: nobody. It
	// must not wait for the process.
	Changed func(Status)
	// Spare keeps a second process ready, which takes the place of one that died.
	Spare bool
	// Again makes a call again whose process died under it, if it has changed nothing
	// and is not the one to blame; see Invoke. The process must say so to whom it asks
	// (see wire.SendNumber): this is for programs of our own.
	Again bool
	// Grace ends a process whose call has not come back so long after its deadline.
	// That is no crash: it is started again at once, however often. The process is
	// told a deadline of twice that later, so that it is never the first. 0: never.
	Grace time.Duration
	// Timing may be left zero.
	Timing Timing

	startMemory int64 // for tests; by default startMemory
}

// Timing says when things happen. What is zero has its default.
type Timing struct {
	Start       time.Duration // until the plugin is configured; 10s
	Stop        time.Duration // for the plugin's Stop; 2s
	PingEvery   time.Duration // 5s
	PingTimeout time.Duration // unanswered so long: it is started again; 5s
	Patience    time.Duration // of calls that come while it is being started again; 1s

	// A plugin that died is started again at once, from the third death within
	// CrashWindow (10s) on after FirstWait (250ms), which doubles up to MostWait
	// (30s) until it has run for Healthy (1m).
	CrashWindow, FirstWait, MostWait, Healthy time.Duration
	// After Budget (10) deaths within BudgetSpan (10m) it is quarantined: it is not
	// started again.
	Budget     int
	BudgetSpan time.Duration
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		of     *time.Duration
		absent time.Duration
	}{
		{&t.Start, 10 * time.Second},
		{&t.Stop, 2 * time.Second},
		{&t.PingEvery, 5 * time.Second},
		{&t.PingTimeout, 5 * time.Second},
		{&t.Patience, time.Second},
		{&t.CrashWindow, 10 * time.Second},
		{&t.FirstWait, 250 * time.Millisecond},
		{&t.MostWait, 30 * time.Second},
		{&t.Healthy, time.Minute},
		{&t.BudgetSpan, 10 * time.Minute},
	} {
		if *d.of <= 0 {
			*d.of = d.absent
		}
	}
	if t.Budget <= 0 {
		t.Budget = 10
	}
	return t
}

func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		return o, errors.New("process: no name")
	}
	if len(o.Command) == 0 || o.Command[0] == "" {
		return o, errors.New("process: no command")
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Kind == "" {
		o.Kind = "plugin"
		o.Logger = o.Logger.With(zap.String("plugin", o.Name))
	}
	if o.startMemory == 0 {
		o.startMemory = startMemory
	}
	o.Memory = min(o.Memory, mostMemory)
	o.Timing = o.Timing.withDefaults()
	return o, nil
}
