package config

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

func (r *reader) allocate(game *section, c *Config, g Game) []Allocate {
	blocks := game.blocks("allocate", `the kind of provider, such as "local"`)
	if len(blocks) == 0 && !hasBlock(game.body, "allocate") {
		r.warn(game.at, problem{
			text: fmt.Sprintf("game %q has no allocate block: no match of it can start.", g.Name),
			help: `Add allocate "local" { } or allocate "gameflow" { }.`,
		})
	}
	var chain []Allocate
	for _, b := range blocks {
		kind := b.Labels[0]
		if !slices.Contains(allocateKinds, kind) {
			r.noKind(b, "There is no provider %q.", allocateKinds...)
			continue
		}
		s := r.open("allocate "+kind, fmt.Sprintf("allocate %q of game %q", kind, g.Name), b.Body, b.DefRange())
		a := Allocate{MaxConcurrent: get(s, "max_concurrent", 32, between(1, 100_000))}
		a.OnUnknown = get(s, "on_unknown", OnUnknownFail, oneOf(OnUnknownFail, OnUnknownAsk))
		if a.OnUnknown == OnUnknownAsk && kind != kindLocal {
			r.fail(s.place("on_unknown"), cannotAsk(kind))
		}
		switch kind {
		case kindGameflow:
			a.Gameflow = r.gameflow(s, c.Server)
		case kindLocal:
			a.Local = r.local(s, g, c.Server)
		case kindPlugin:
			a.Plugin = &AllocatePlugin{Use: r.use(s, c, g), Region: s.region(""), Timeout: s.startTime(), at: s.keep("use")}
		case kindScript:
			a.Script = r.allocateScript(s, g)
		}
		chain = append(chain, a)
	}
	return chain
}

// cannotAsk says why a provider of that kind has no on_unknown = "ask".
func cannotAsk(kind string) problem {
	if kind == kindGameflow {
		return problem{
			text: "GameFlow cannot be asked for the server of a match.",
			help: `With "fail" the start fails, and the server that may run is listed as a possible orphan.`,
		}
	}
	return problem{
		text: fmt.Sprintf("A %s is not asked for the server of a match: its allocate finds that out itself.", kind),
		help: `Keep "fail": when allocate cannot say what became of a call, the start fails, and its release is asked to end what there may be.`,
	}
}

// allocateKinds are the labels of allocate blocks.
var allocateKinds = []string{kindGameflow, kindLocal, kindPlugin, kindScript}

func (r *reader) allocateScript(s *section, g Game) *AllocateScript {
	if !slices.ContainsFunc(g.Hooks, func(h Hooks) bool { return h.Script != nil }) {
		r.fail(s.at, problem{
			text: fmt.Sprintf("game %q has no script that could be asked for servers.", g.Name),
			help: `Add a block: hooks "script" { entry = "hooks/arena.ts" }. The script exports allocate.`,
		})
	}
	return &AllocateScript{Region: s.region(""), Timeout: s.startTime()}
}

// region reads where servers shall run; empty is for the provider to choose.
func (s *section) region(def string) string { return get(s, "region", def, of(word)) }

// startTime reads how long a plugin or script may take to start a server.
func (s *section) startTime() time.Duration {
	return get(s, "timeout", seconds(60), duration(seconds(1), hours(1)))
}

func (r *reader) gameflow(s *section, server Server) *Gameflow {
	s.required("game_id", "the platform's id of this game")
	s.required("api_key", `a key of your organisation: env("GAMEFLOW_API_KEY")`)
	g := &Gameflow{
		GameID:  get(s, "game_id", "", of(word)),
		APIKey:  get(s, "api_key", Secret{}, of(func(t string) (Secret, *misfit) { w, bad := word(t); return NewSecret(w), bad })),
		Region:  s.region("us-east"),
		URL:     get(s, "url", "https://api.gameflow.gg/v1", of(webURL)),
		Timeout: get(s, "timeout", seconds(120), duration(seconds(1), hours(1))),
		Fleet:   get(s, "fleet", false, boolean),
	}
	if localURL(server.PublicURL) && !localURL(g.URL) {
		r.warn(s.at, problem{
			text: "GameFlow's servers send results to public_url, and that is an address of this machine alone.",
			help: `Set server { public_url = "https://…" } to where they can reach you.`,
		})
	}
	return g
}

// word parses printable ASCII without spaces.
func word(t string) (string, *misfit) {
	switch {
	case t == "":
		return "", &misfit{is: "is empty"}
	case len(t) > 512 || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", &misfit{is: "is not one word", help: "Allowed are printable ASCII characters without spaces."}
	}
	return t, nil
}

func (r *reader) local(s *section, g Game, server Server) *Local {
	s.required("command", `what starts one server: ["bin/arena-server"]`)
	l := &Local{
		Command:   s.command("command"),
		Env:       s.environment("env"),
		Ports:     get(s, "ports", PortRange{21000, 21099}, of(portRange)),
		PortNames: getList(s, "port_names", []string{"default"}, of(portName)),
		Address:   get(s, "address", defaultAddress(server.PublicURL), of(playerAddress)),
		// The least times are for tests; 0 would mean none at all.
		Timeout:       get(s, "timeout", seconds(60), duration(time.Millisecond, hours(1))),
		HealthTimeout: get(s, "health_timeout", seconds(30), duration(0, hours(1))),
		Max:           get(s, "max", 50, between(1, 65535)),
		Warm:          get(s, "warm", 0, between(0, 65535)),
		WarmBuffer:    get(s, "warm_buffer", 0, between(0, 65535)),
		CPULimit:      get(s, "cpu_limit", 0, between(0, 1024)),
		MemoryLimit:   s.localMemory(),
		MaxPlayers:    get(s, "max_players", g.Lobby.Seats(), between(0, 100_000)),
		Idle:          get(s, "idle", 5*time.Minute, duration(0, hours(24))),
		StopGrace:     get(s, "stop_grace", seconds(45), duration(time.Millisecond, hours(1))),
	}
	r.localWarm(s, l)
	r.localPorts(s, g.Name, l)
	for _, name := range slices.Sorted(maps.Keys(l.Env)) {
		if slices.Contains(fleetVariables(l.PortNames), name) {
			r.warn(s.place("env"), problem{text: fmt.Sprintf("env.%s has no effect: Muster itself sets this variable for every server.", name)})
		}
	}
	return l
}

// localWarm checks that the pool has room.
func (r *reader) localWarm(s *section, l *Local) {
	for _, name := range []string{"warm_buffer", "warm"} {
		if r.failedAt(s, name) || r.failedAt(s, "max") {
			return
		}
		if s.has(name) && l.Warm+l.WarmBuffer > l.Max {
			r.fail(s.place(name), problem{
				text: fmt.Sprintf("warm and warm_buffer are %d servers together, and max is %d.", l.Warm+l.WarmBuffer, l.Max),
				help: "max counts all servers: those that wait and those that have a match.",
			})
			return
		}
	}
}

// leastLocalMemory: with less, no program starts.
const leastLocalMemory = 16 << 20

// localMemory reads memory_limit; without one there is none.
func (s *section) localMemory() Size {
	limit := get(s, "memory_limit", 0, size)
	if limit > 0 && limit < leastLocalMemory && !s.r.failedAt(s, "memory_limit") {
		s.r.fail(s.place("memory_limit"), problem{text: "memory_limit is too low for a game server.", help: `Give it "16MiB" or more, or 0 for no limit.`})
	}
	return Size(limit)
}

// command reads a command and makes its first word absolute, but a name without
// a slash, which is looked up in PATH.
func (s *section) command(name string) []string {
	if !s.has(name) {
		return nil
	}
	words := getWords(s, name)
	if s.r.failedAt(s, name) {
		return nil
	}
	if len(words) == 0 || words[0] == "" || strings.ContainsRune(strings.Join(words, ""), 0) {
		s.r.fail(s.place(name), problem{text: name + " names no program.", help: `It is a list of words: ["bin/arena-server", "-fast"].`})
		return nil
	}
	if strings.ContainsAny(words[0], "/"+string(os.PathSeparator)) {
		words[0] = joined(s.r.dir, words[0])
	}
	s.programThere(name, words)
	return words
}
