package hosts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-gg/muster/core/config"
)

// slot is a place for one plugin or script, and the version that is in it.
type slot struct {
	kind kind
	// game is empty for a plugin that games share.
	game, name string
	// of are the games that use it.
	of []string
	// build makes a version: it starts the process or compiles the script.
	build func(ctx context.Context) (*version, error)
	// tests run those of a script; nil: none have to pass.
	tests func(ctx context.Context) error
	// timeout of a call and command are those of a plugin.
	timeout time.Duration
	command []string
	// worker says that it is a script with a process of its own.
	worker bool
	// memory is the limit of its process; 0: it has none.
	memory config.Size
	// root is the folder of a script, whose changes make a new version.
	root string
	// turn holds one token: whoever builds a version has it.
	turn chan struct{}

	// Guarded by Hosts.mu.
	current *version
	failed  error // why the newest version did not come into use
}

// kind is what a slot holds.
type kind string

const (
	kindPlugin kind = "plugin"
	kindScript kind = "script"
)

// String names the slot in texts for people.
func (s *slot) String() string {
	if s.game == "" {
		return fmt.Sprintf("%s %q", s.kind, s.name)
	}
	return fmt.Sprintf("%s %q of game %s", s.kind, s.name, s.game)
}

// named says in an error what it is about, unless it does so already.
func (s *slot) named(err error) error {
	if strings.HasPrefix(err.Error(), fmt.Sprintf("%s %q", s.kind, s.name)) {
		return err
	}
	return fmt.Errorf("%s: %w", s, err)
}

func (h *Hosts) newSlot(k kind, game, name string) *slot {
	s := &slot{kind: k, game: game, name: name, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	h.slots = append(h.slots, s)
	return s
}

// slot finds one by what it holds, nil if there is none.
func (h *Hosts) slot(k kind, game, name string) *slot {
	i := slices.IndexFunc(h.slots, func(s *slot) bool { return s.kind == k && s.game == game && s.name == name })
	if i < 0 {
		return nil
	}
	return h.slots[i]
}

func (s *slot) usedBy(game string) {
	if !slices.Contains(s.of, game) {
		s.of = append(s.of, game)
	}
}
