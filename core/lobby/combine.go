package lobby

import (
	"context"
	"errors"
	"runtime"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
)

const (
	// maxBatch bounds how many commands one write takes together.
	maxBatch = 128
	// maxWaiting bounds the commands that wait for one lobby.
	maxWaiting = 1024
	// maxLosses bounds how often a batch is tried against other writers.
	maxLosses = 64
	// writeTimeout bounds one batch, conflicts included.
	writeTimeout = 10 * time.Second
)

// command is one change that somebody wants of a lobby.
type command struct {
	// apply runs the reducer. It may run several times, each time on fresh copies,
	// and must have no effect besides w. A refused command changes nothing.
	apply func(w *work) error
	// commit, if any, is called once after the save and before anybody is told.
	commit func(Snapshot)
	// last ends the batch, so that what is told after it stands on its own.
	last bool

	err    error
	result Result
	done   chan struct{}
}

// combiner gathers the commands that wait for one lobby.
type combiner struct {
	queue []*command
}

// submit runs a command on a lobby and waits until it is saved and told. The
// wait is not cut short: after a command has been taken its outcome is known
// within writeTimeout.
func (s *Service) submit(id string, cmd *command) (Result, error) {
	cmd.done = make(chan struct{})
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return Result{}, fault.Draining
	}
	c, running := s.combiners[id]
	if !running {
		c = &combiner{}
		s.combiners[id] = c
	}
	if len(c.queue) >= maxWaiting {
		s.mu.Unlock()
		return Result{}, fault.TryAgain
	}
	c.queue = append(c.queue, cmd)
	if !running {
		s.wg.Add(1)
		go s.combine(id, c)
	}
	s.mu.Unlock()
	<-cmd.done
	return cmd.result, cmd.err
}

// combine takes batches until no command is left. It is the only goroutine that
// writes this lobby from this node on behalf of commands addressed to it.
func (s *Service) combine(id string, c *combiner) {
	defer s.wg.Done()
	for {
		// Without this yield a store that answers at once would see every command alone.
		runtime.Gosched()
		s.mu.Lock()
		if len(c.queue) == 0 {
			delete(s.combiners, id)
			s.mu.Unlock()
			return
		}
		batch := take(&c.queue)
		s.mu.Unlock()
		s.run(id, batch)
	}
}

// take cuts the next batch off the queue.
func take(queue *[]*command) []*command {
	n := 0
	for n < len(*queue) && n < maxBatch {
		n++
		if (*queue)[n-1].last {
			break
		}
	}
	batch := (*queue)[:n:n]
	*queue = (*queue)[n:]
	return batch
}

var errGaveUp = errors.New("lobby: lost too many writes in a row")

// run applies a batch until it is saved, then tells.
func (s *Service) run(id string, batch []*command) {
	ctx, cancel := context.WithTimeout(s.ctx, writeTimeout)
	defer cancel()
	defer func() {
		// A defect in the reducer costs this batch, not the process; nothing of it was saved.
		if r := recover(); r != nil {
			s.log.Error("lobby command panicked", zap.String("lobby", id), zap.Any("panic", r), zap.Stack("stack"))
			s.fail(batch, fault.Internal)
		}
	}()
	var docs map[state.Key]state.Doc
	for range maxLosses {
		w, err := s.try(ctx, id, batch, docs)
		var conflict *state.Conflict
		switch {
		case err == nil:
			s.finish(w, id, batch)
			return
		case errors.As(err, &conflict):
			docs = make(map[state.Key]state.Doc, len(conflict.Docs))
			for _, d := range conflict.Docs {
				docs[d.Key] = d
			}
		default:
			s.log.Error("lobby write failed", zap.String("lobby", id), zap.Error(err))
			s.fail(batch, fault.From(err))
			return
		}
	}
	s.fail(batch, fault.TryAgain.With(errGaveUp))
}

func (s *Service) fail(batch []*command, err *fault.Error) {
	for _, cmd := range batch {
		select {
		case <-cmd.done:
		default:
			cmd.result, cmd.err = Result{}, err
			close(cmd.done)
		}
	}
}

// saved is a work that was written, with the revision it got.
type saved struct {
	*work
	revision uint64
}

func (s *Service) try(ctx context.Context, id string, batch []*command, docs map[state.Key]state.Doc) (saved, error) {
	if docs == nil {
		docs = make(map[state.Key]state.Doc, 4)
	}
	w := &work{
		ctx: ctx, store: s.store, game: s.game, rules: &s.rules, now: s.now(),
		docs: docs, changes: make(map[string]*change, 2), seats: map[string]*Seat{}, watched: s.watched(),
	}
	for _, cmd := range batch {
		cmd.err = cmd.apply(w)
		var refused *fault.Error
		if cmd.err != nil && !errors.As(cmd.err, &refused) {
			return saved{}, cmd.err
		}
	}
	tx, err := w.tx()
	if err != nil {
		return saved{}, err
	}
	if len(tx.Writes) == 0 {
		return saved{work: w}, nil
	}
	if !w.watched {
		revision, err := s.store.Apply(ctx, tx)
		return saved{w, revision}, err
	}
	defer s.turns.take(w)()
	revision, err := s.store.Apply(ctx, tx)
	if err == nil {
		s.announce(id, w)
	}
	return saved{w, revision}, err
}

// finish tells what was saved and answers the batch's commands.
func (s *Service) finish(w saved, id string, batch []*command) {
	for _, changed := range w.order {
		if w.changes[changed].dirty {
			s.saved(changed, w)
		}
	}
	result := w.result(id)
	followed := false
	for _, cmd := range batch {
		if cmd.err != nil {
			continue
		}
		cmd.result = result
		if cmd.commit != nil {
			cmd.commit(result.Snapshot)
			followed = result.Lobby != nil
		}
	}
	for _, changed := range w.order {
		if c := w.changes[changed]; c.dirty && s.tell(changed, c, w.result(changed).Snapshot) {
			s.told(changed, c)
		}
	}
	if followed {
		s.catchUp(id, result.Version)
	}
	for _, cmd := range batch {
		close(cmd.done)
	}
}

// result is a lobby as the batch leaves it.
func (w saved) result(id string) Result {
	d := w.docs[state.Key{Kind: KindLobby, ID: id}]
	c, ok := w.changes[id]
	if !ok || !c.dirty {
		l, _ := decodeLobby(d)
		return Result{Snapshot: Snapshot{l, d.Version}}
	}
	return Result{Snapshot: Snapshot{c.lobby, w.revision}, Changed: true}
}
