package hosts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// Bounds of what is recorded.
const (
	// MaxRecorded is how many calls one Record takes.
	MaxRecorded = 100
	// maxSessions is how many may record at a time.
	maxSessions = 4
	// maxTapes is how many calls of a session may be under way with a tape, or wait to
	// be taken: calls that come meanwhile are served as ever, and not recorded.
	maxTapes = 4
)

// Errors of Record.
var (
	ErrNoGame       = errors.New("there is no such game")
	ErrNoScript     = errors.New("the game has no script: calls of scripts can be recorded, not those of plugins")
	ErrManyRecorded = fmt.Errorf("%d others are recording already", maxSessions)
)

// Recorded says which calls of a game's scripts are recorded.
type Recorded struct {
	Game string
	// Point is empty for all but authenticate, whose requests have what players sign in
	// with. Rpc is empty for all functions.
	Point hook.Point
	Rpc   string
	// Count is how many, 1 to MaxRecorded.
	Count int
	// Errors says that only calls that failed count. A refusal is no failure.
	Errors bool
}

// Record records the next calls and gives each to keep, one after the other. It
// returns when all are there, with the error of keep, or when ctx ends, with none.
// begun, which may be nil, is called when it has begun.
func (h *Hosts) Record(ctx context.Context, what Recorded, begun func(), keep func(*script.Recording) error) error {
	if h.games[what.Game] == nil {
		return ErrNoGame
	}
	if !slices.ContainsFunc(h.slots, func(s *slot) bool { return s.kind == kindScript && s.game == what.Game }) {
		return ErrNoScript
	}
	s := &session{what: what, room: make(chan struct{}, maxTapes), kept: make(chan *script.Recording, maxTapes)}
	if !h.sessions.add(s) {
		return ErrManyRecorded
	}
	defer h.sessions.remove(s)
	if begun != nil {
		begun()
	}
	for range what.Count {
		select {
		case r := <-s.kept:
			if err := keep(r); err != nil {
				return err
			}
			<-s.room
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// session is one Record under way.
type session struct {
	what Recorded
	room chan struct{} // a place for each tape
	kept chan *script.Recording
}

// wants takes a place for a call, if there is one.
func (s *session) wants(game string, p hook.Point, rpc string) bool {
	switch w := &s.what; {
	case w.Game != game, w.Point != "" && w.Point != p, w.Rpc != "" && w.Rpc != rpc, p == hook.PointAuthenticate && w.Point != p:
		return false
	}
	select {
	case s.room <- struct{}{}:
		return true
	default:
		return false
	}
}

// keep takes a recording, or gives the place back. It never waits: there is room in
// kept for each that has a place.
func (s *session) keep(r *script.Recording) {
	if r == nil || s.what.Errors && !failed(r) {
		<-s.room
		return
	}
	s.kept <- r
}

func failed(r *script.Recording) bool {
	return r.Failed != nil && r.Failed.Kind != script.FailedRefusal && r.Failed.Kind != script.FailedUnknownRpc
}

// sessions are those under way. Every call of a script looks at them, and mostly
// there is none.
type sessions struct {
	mu  sync.Mutex // of those who change it
	all atomic.Pointer[[]*session]
}

func (s *sessions) list() []*session {
	if all := s.all.Load(); all != nil {
		return *all
	}
	return nil
}

func (s *sessions) add(one *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(slices.Clone(s.list()), one)
	if len(all) > maxSessions {
		return false
	}
	s.all.Store(&all)
	return true
}

func (s *sessions) remove(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(s.list()), func(other *session) bool { return other == one })
	if len(all) == 0 {
		s.all.Store(nil)
		return
	}
	s.all.Store(&all)
}

// recorder is what the scripts of a game ask whether to record.
type recorder struct {
	sessions *sessions
	game     string
}

var _ script.Recorder = recorder{}

// Wants implements script.Recorder.
func (r recorder) Wants(_ context.Context, p hook.Point, rpc string) func(*script.Recording) {
	var who []*session
	for _, s := range r.sessions.list() {
		if s.wants(r.game, p, rpc) {
			who = append(who, s)
		}
	}
	if who == nil {
		return nil
	}
	return func(made *script.Recording) {
		for _, s := range who {
			s.keep(made)
		}
	}
}
