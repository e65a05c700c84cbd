package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/muster-gg/muster/sample-game/server/sim"
)

const (
	modeArena = "arena"
	modeDuel  = "duel"
	// maxSeconds bounds ARENA_MATCH_SECONDS.
	maxSeconds = 3600
)

// settings are what one process plays by.
type settings struct {
	mode  string
	rules sim.Rules
	waits waits
}

// waits are the times that the match waits for people.
type waits struct {
	ticket time.Duration // for the first frame of a socket
	first  time.Duration // for the first player
	rest   time.Duration // for the others, after the first
	back   time.Duration // for anybody, when all are gone
	report time.Duration // for the backend, before players are told the end
	stay   time.Duration // for players to read the result
}

func defaultWaits() waits {
	return waits{
		ticket: 5 * time.Second, first: 30 * time.Second, rest: 8 * time.Second,
		back: 30 * time.Second, report: 2 * time.Second, stay: 5 * time.Second,
	}
}

// readSettings reads ARENA_MODE ("arena", which "teams" and "" mean too, or
// "duel") and ARENA_MATCH_SECONDS (1 to 3600).
func readSettings(getenv func(string) string) (settings, error) {
	s := settings{waits: defaultWaits()}
	switch mode := getenv("ARENA_MODE"); mode {
	case "", "teams", modeArena:
		s.mode, s.rules = modeArena, sim.Arena()
	case modeDuel:
		s.mode, s.rules = modeDuel, sim.Duel()
	default:
		return s, fmt.Errorf("ARENA_MODE must be %q or %q, not %q", modeArena, modeDuel, mode)
	}
	if text := getenv("ARENA_MATCH_SECONDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxSeconds {
			return s, fmt.Errorf("ARENA_MATCH_SECONDS must be 1 to %d, not %q", maxSeconds, text)
		}
		s.rules.Seconds = n
	}
	return s, nil
}
