package config

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
)

// Queue is where players search for a match of a game.
type Queue struct {
	// Name is [a-z0-9][a-z0-9_-]{0,31} and unique within its game.
	Name string
	// Provider is who makes the matches: "gameflow".
	Provider string `config:"provider"`
	// Mode is the game mode that the provider's matchmaker has.
	Mode string `config:"mode"`
	// Limit is how long a player searches at most.
	Limit time.Duration `config:"limit"`
}

const (
	defaultMode = "default"
	maxQueues   = 32
)

// Platform is the first GameFlow block of the game's chain, whose key and address
// its queues and reports use too; nil: there is none.
func (g Game) Platform() *Gameflow {
	for _, a := range g.Allocate {
		if a.Gameflow != nil {
			return a.Gameflow
		}
	}
	return nil
}

// RatingMode is the game mode that results are rated in: that of the first queue.
func (g Game) RatingMode() string {
	if len(g.Queues) == 0 {
		return defaultMode
	}
	return g.Queues[0].Mode
}

func (r *reader) queues(game *section, g Game) []Queue {
	var queues []Queue
	lines := map[string]int{}
	blocks := game.blocks("queue", "a name")
	for _, b := range blocks {
		name, at := b.Labels[0], b.LabelRanges[0]
		line, twice := lines[name]
		switch {
		case !gameName.MatchString(name):
			r.fail(at, problem{text: fmt.Sprintf("%q cannot be the name of a queue.", name), help: gameNameHelp})
		case twice:
			r.fail(at, problem{text: fmt.Sprintf("There is a queue %q already, in line %d.", name, line), help: "Give this one another name."})
		}
		lines[name] = at.Start.Line
		s := r.open("queue", fmt.Sprintf("queue %q of game %q", name, g.Name), b.Body, b.DefRange())
		s.required("provider", `who makes the matches: "gameflow"`)
		q := Queue{
			Name:     name,
			Provider: get(s, "provider", kindGameflow, oneOf(kindGameflow)),
			Mode:     get(s, "mode", defaultMode, of(word)),
			Limit:    get(s, "limit", seconds(90), duration(seconds(1), hours(1))),
		}
		if s.has("provider") && !r.failedAt(s, "provider") {
			r.needsPlatform(s.place("provider"), g, "GameFlow makes the matches of this queue")
		}
		queues = append(queues, q)
	}
	if len(blocks) > maxQueues {
		r.fail(blocks[maxQueues].DefRange(), problem{text: fmt.Sprintf("There are %d queues; %d is the most.", len(blocks), maxQueues)})
	}
	return queues
}

// needsPlatform refuses what GameFlow does in a game that has no key for it.
func (r *reader) needsPlatform(at hcl.Range, g Game, what string) {
	if g.Platform() != nil {
		return
	}
	r.fail(at, problem{
		text: fmt.Sprintf("%s, and game %q has no key for it.", what, g.Name),
		help: `Add allocate "gameflow" { }: its game_id, api_key and url are used here too.`,
	})
}
