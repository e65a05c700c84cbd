package local

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.uber.org/zap"
)

// Options make a Fleet. Paths may be relative to the working directory, but
// Command's; see there.
type Options struct {
	// Game is the game's name in the config. It names folders, so it is plain.
	Game string
	// Command starts one server. A first word without a slash is looked up in
	// PATH, a relative path is relative to Dir.
	Command []string
	// Dir is the servers' working directory. Empty: ours.
	Dir string
	// Env is added to the servers' environment. The fleet's own names win.
	Env map[string]string
	// Ports is the range for the servers' ports.
	Ports PortRange
	// PortNames are the ports of one server; players are told "default", or the
	// first if there is none. Empty: "default".
	PortNames []string
	// Book keeps fleets of one process with overlapping ranges apart. Nil: a
	// book of its own.
	Book *PortBook
	// Address is what players are told.
	Address string
	// Timeout is the time from start to ready.
	Timeout time.Duration
	// HealthTimeout without a sign of health ends a server that was ready. 0: off.
	HealthTimeout time.Duration
	// Max bounds the servers at a time, those that are still ending included.
	Max int
	// Warm is how many ready servers without a match are kept waiting.
	Warm int
	// WarmBuffer is how many more are kept waiting while matches run: one for each
	// match, up to so many. Those that are too many end after Idle.
	WarmBuffer int
	// CPULimit is how many CPUs a server and what it starts may use at a time. 0:
	// all. Only Linux keeps it.
	CPULimit int
	// MemoryLimit is how many bytes a server and what it starts may use together; one
	// that uses more is ended. 0: as many as there are. Used looks.
	MemoryLimit int64
	// Used is how many bytes a process uses. Nil: nobody looks.
	Used func(pid int) (int64, error) `json:"-"`
	// Bound bounds the memory of a process that has just begun, for what happens
	// between two looks. Nil: no bound.
	Bound func(pid int) error `json:"-"`
	// MaxPlayers is the capacity of the players list; 0: there is no list.
	MaxPlayers int
	// Idle without a player in the list ends a server of a match. 0: off.
	Idle time.Duration
	// StopGrace is the time between SIGTERM and SIGKILL.
	StopGrace time.Duration
	// LogDir gets LogDir/Game/matchID.log. Empty: output is dropped.
	LogDir string
	// StateDir gets a record for each server, so that the next run can end what
	// a killed one left.
	StateDir string
	// Region and BuildID are told to the servers.
	Region, BuildID string
	// Logger may be nil.
	Logger *zap.Logger
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func (o Options) withDefaults() (Options, error) {
	if len(o.PortNames) == 0 {
		o.PortNames = []string{"default"}
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Book == nil {
		o.Book = NewPortBook()
	}
	if o.Max <= 0 {
		o.Max = 50
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.StopGrace <= 0 {
		o.StopGrace = 45 * time.Second
	}
	return o, o.check()
}

func (o Options) check() error {
	switch {
	case !plainName.MatchString(o.Game):
		return fmt.Errorf("local: game name %q is not plain", o.Game)
	case o.Address == "":
		return errors.New("local: address is empty")
	case o.StateDir == "":
		return errors.New("local: the state folder is empty")
	case o.MaxPlayers < 0 || o.Idle < 0 || o.HealthTimeout < 0 || o.MemoryLimit < 0:
		return errors.New("local: max_players, idle, health_timeout and memory_limit must not be negative")
	}
	if o.Warm < 0 || o.WarmBuffer < 0 || o.CPULimit < 0 || o.Warm+o.WarmBuffer > o.Max {
		return fmt.Errorf("local: warm and warm_buffer must not be negative nor, together, more than max = %d; cpu_limit must not be negative", o.Max)
	}
	seen := map[string]bool{}
	for _, name := range o.PortNames {
		if !plainName.MatchString(name) || seen[portVariable(name)] {
			return fmt.Errorf("local: port name %q is not plain or there twice", name)
		}
		seen[portVariable(name)] = true
	}
	for key := range o.Env {
		if key == "" || strings.ContainsAny(key, "=\x00") {
			return fmt.Errorf("local: %q is no name of a variable", key)
		}
	}
	return o.Ports.check(len(o.PortNames))
}

// LookCommand finds the program of a command as a Fleet will: a first word
// without a slash in PATH, a relative path in dir.
func LookCommand(dir string, command []string) (string, error) {
	if len(command) == 0 || command[0] == "" {
		return "", errors.New("the command is empty")
	}
	program := command[0]
	if strings.ContainsRune(program, '/') || strings.ContainsRune(program, os.PathSeparator) {
		if !filepath.IsAbs(program) {
			program = filepath.Join(dir, program)
		}
	}
	found, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("command %q: %w", command[0], err)
	}
	return filepath.Abs(found)
}
