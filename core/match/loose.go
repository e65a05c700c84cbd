package match

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
)

// KindLoose is the kind of the documents of servers that no live match refers to:
// match id → Loose. One is saved before a provider is asked for a server, and in
// one step with the end of a match; it goes in one step with the match's beginning,
// or when the server was given back. Its deadline is when somebody else sees to that.
const KindLoose = "loose"

// looseAgain is how long a server that somebody gives back is left to him, and one
// that could not be given back is left alone.
const looseAgain = 2 * time.Minute

// Loose is a server that may run without a match.
type Loose struct {
	ID       string    `json:"id"`
	LobbyID  string    `json:"lobby"`
	Provider string    `json:"provider"`
	Region   string    `json:"region,omitempty"`
	Since    time.Time `json:"since"`
	// Hooks are the rules that the start ran on.
	Hooks []string `json:"hooks,omitempty"`
	// Server is what the provider gave; nil while that is not known.
	Server *allocation.Server `json:"server,omitempty"`
	// Played: the server has had its match.
	Played bool `json:"played,omitempty"`
	// Tries is how often it could not be given back.
	Tries int `json:"tries,omitempty"`
	// Cause is for operators: why nobody uses it, or what kept it from being given back.
	Cause string `json:"cause,omitempty"`
}

var _ state.Value = (*Loose)(nil)

// AppendState encodes the server for a journal or another node.
func (l *Loose) AppendState(dst []byte) ([]byte, error) {
	return state.AppendJSON(dst, l)
}

// decodeLoose returns the server of a document; nil when it is absent.
func decodeLoose(d state.Doc) (*Loose, error) { return state.Decode[Loose](d) }

func looseKey(matchID string) state.Key { return state.Key{Kind: KindLoose, ID: matchID} }

// errGivenBack says that somebody else sees to a start's server: no match begins
// with it.
var errGivenBack = fault.TryAgain.With(errors.New("the start took too long and its server is given back"))

// asking saves that a provider is about to be asked for a start's server. The
// ones before it surely made none.
func (s *Service) asking(ctx context.Context, st *start, provider string) error {
	if err := s.keepLoose(ctx, st, newLoose(st, provider)); err != nil {
		return err
	}
	s.at(st.matchID, PointAsking)
	return nil
}

// given saves which server the provider gave, so that it can be named to whoever
// is to end it.
func (s *Service) given(st *start, server allocation.Server) error {
	ctx, cancel := s.cleanup()
	defer cancel()
	l := newLoose(st, server.Provider)
	l.Server = &server
	if err := s.keepLoose(ctx, st, l); err != nil {
		return err
	}
	s.at(st.matchID, PointAllocated)
	return nil
}

func newLoose(st *start, provider string) *Loose {
	return &Loose{ID: st.matchID, LobbyID: st.lobbyID, Provider: provider, Region: st.region, Since: time.Now(), Hooks: st.hooks}
}

// keepLoose saves what the start knows of its server.
func (s *Service) keepLoose(ctx context.Context, st *start, l *Loose) error {
	st.loose = l // known, saved or not
	version, mine, err := s.swapLoose(ctx, state.Doc{Key: looseKey(l.ID), Version: st.version}, l, st.deadline)
	switch {
	case err != nil:
		return err
	case !mine:
		return errGivenBack
	}
	st.version = version
	return nil
}

// swapLoose replaces, or with nil deletes, the document as it was read. It reports
// false when somebody else was faster.
func (s *Service) swapLoose(ctx context.Context, d state.Doc, l *Loose, deadline time.Time) (version uint64, mine bool, err error) {
	w := state.Write{Key: d.Key, Expect: d.Version, Deadline: deadline}
	if l != nil {
		w.Value = l
	}
	version, err = s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{w}})
	var conflict *state.Conflict
	if errors.As(err, &conflict) {
		return 0, false, nil
	}
	return version, err == nil, err
}

// unasked forgets the loose server of a start for which surely none was made. A
// document that stays changes nothing, so no error is one.
func (s *Service) unasked(log *zap.Logger, st *start) {
	if st.loose == nil {
		return
	}
	ctx, cancel := s.cleanup()
	defer cancel()
	docs, err := s.state.Get(ctx, s.game, looseKey(st.matchID))
	if err == nil && docs[0].Version != 0 {
		_, _, err = s.swapLoose(ctx, docs[0], nil, time.Time{})
	}
	if err != nil {
		log.Warn("a start's end could not be saved; the sweep will see to it", zap.Error(err))
	}
}

// cleanup is the context of what a start or a match does after it has ended,
// whoever has gone away meanwhile.
func (s *Service) cleanup() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(s.ctx), cleanupTimeout)
}
