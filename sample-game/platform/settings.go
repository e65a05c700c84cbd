package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/allocation/local"
)

const usage = `Plays GameFlow on this machine, for developing a backend against it.

Muster's config:

    allocate "gameflow" {
      game_id = "arena"
      api_key = "dev-key"
      url     = "http://127.0.0.1:5001/v1"
    }

The environment of GameFlow's template:

    GAMEFLOW_GAME_ID=arena GAMEFLOW_API_KEY=dev-key GAMEFLOW_API_URL=http://127.0.0.1:5001/v1

`

// settings are the command line.
type settings struct {
	listen, game, key string
	boot, delay       time.Duration
	share             float64
	seed              uint64
	faults            []gameflowtest.Behaviour
	list              bool
	modes             map[string]int

	// Real servers, if there is a command.
	command    []string
	env        map[string]string
	ports      local.PortRange
	address    string
	data       string
	maxPlayers int

	decide func(n int, c gameflowtest.Call) gameflowtest.Behaviour
}

// readSettings reads the command line; what is wrong is said in one sentence.
func readSettings(args []string, env func(string) string, out io.Writer) (settings, error) {
	s := settings{modes: map[string]int{}, env: map[string]string{}}
	f := flag.NewFlagSet("platform", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprint(out, usage)
		f.PrintDefaults()
	}
	f.StringVar(&s.listen, "listen", "127.0.0.1:5001", "the `address` to listen at")
	f.StringVar(&s.game, "game", cmp.Or(env("GAMEFLOW_GAME_ID"), "arena"), "the only game `id` that is known; also GAMEFLOW_GAME_ID")
	// Its default is not shown: it may be a real key.
	f.StringVar(&s.key, "key", "", "the only API `key` that is let in; else GAMEFLOW_API_KEY, else dev-key")
	f.DurationVar(&s.boot, "boot", 0, "the `time` until a server is ready; one that takes longer than a call allows is 504")
	f.DurationVar(&s.delay, "delay", 0, "the `time` that passes before each good answer")
	f.Float64Var(&s.share, "faults", 0, "the `share` of calls that go wrong, 0 to 1")
	kinds := f.String("kinds", "", "the `names` of the faults that are used, with commas between; all if empty; see -list")
	f.Uint64Var(&s.seed, "seed", 1, "the `number` that says which call has which fault")
	f.BoolVar(&s.list, "list", false, "list the kinds of faults")
	f.Func("mode", "a matchmaker: `NAME=PLAYERS`; may be repeated", s.addMode)
	command := f.String("server", "", "the `command` of a game server that is started for each call; none: servers are names only")
	ports := f.String("ports", "26000-26099", "the `range` of ports of game servers")
	f.Func("env", "`NAME=VALUE` in the environment of game servers; may be repeated", s.addEnv)
	f.StringVar(&s.address, "address", "127.0.0.1", "the `address` of game servers that players are told")
	f.StringVar(&s.data, "data", "", "the `folder` for logs of game servers; a temporary one if empty")
	f.IntVar(&s.maxPlayers, "max-players", 8, "the `length` of the list of players of a game server")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	s.key = cmp.Or(s.key, env("GAMEFLOW_API_KEY"), "dev-key")
	s.command = strings.Fields(*command)
	var errs []error
	if f.NArg() > 0 {
		errs = append(errs, fmt.Errorf("%q is no flag", f.Arg(0)))
	}
	if s.share < 0 || s.share > 1 || s.share != s.share {
		errs = append(errs, errors.New("-faults is a share between 0 and 1"))
	}
	if s.boot < 0 || s.delay < 0 {
		errs = append(errs, errors.New("-boot and -delay must not be negative"))
	}
	var err error
	if s.faults, err = named(*kinds); err != nil {
		errs = append(errs, err)
	}
	if s.ports, err = portRange(*ports); err != nil {
		errs = append(errs, err)
	}
	s.decide = gameflowtest.Mixed(s.seed, s.share, s.faults, gameflowtest.Behaviour{Name: "ok", Boot: s.boot, Delay: s.delay})
	return s, errors.Join(errs...)
}

func (s *settings) addMode(text string) error {
	name, count, _ := strings.Cut(text, "=")
	players, err := strconv.Atoi(count)
	if name == "" || err != nil || players < 1 {
		return errors.New(`it is written as "duel=2"`)
	}
	s.modes[name] = players
	return nil
}

func (s *settings) addEnv(text string) error {
	name, value, found := strings.Cut(text, "=")
	if name == "" || !found {
		return errors.New(`it is written as "ARENA_MODE=duel"`)
	}
	s.env[name] = value
	return nil
}

// allKinds are the faults by name, the slow one too.
func allKinds() []gameflowtest.Behaviour {
	return append(gameflowtest.Faults(), gameflowtest.Late())
}

func listKinds(out io.Writer) error {
	for _, b := range allKinds() {
		fmt.Fprintln(out, b.Name)
	}
	return nil
}

// named finds faults by their names; all for an empty text.
func named(text string) ([]gameflowtest.Behaviour, error) {
	if strings.TrimSpace(text) == "" {
		return allKinds(), nil
	}
	var found []gameflowtest.Behaviour
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		at := slices.IndexFunc(allKinds(), func(b gameflowtest.Behaviour) bool { return b.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no fault %q: -list has their names", name)
		}
		found = append(found, allKinds()[at])
	}
	return found, nil
}

func portRange(text string) (r local.PortRange, err error) {
	first, last, _ := strings.Cut(text, "-")
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(last)
	if errA != nil || errB != nil || a < 1 || b < a || b > 65535 {
		return r, errors.New(`-ports is written as "26000-26099"`)
	}
	return local.PortRange{First: a, Last: b}, nil
}

func (s settings) faultsText() string {
	if s.share == 0 {
		return "none"
	}
	return fmt.Sprintf("%g of all calls, %d kinds", s.share, len(s.faults))
}

func (s settings) serversText() string {
	if len(s.command) == 0 {
		return "names only"
	}
	return fmt.Sprintf("%s, logs in %s", strings.Join(s.command, " "), filepath.Join(s.data, "logs"))
}
