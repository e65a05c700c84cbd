package session

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/muster-gg/muster/core/broadcast"
)

// Policy says what happens when an account opens a second socket.
type Policy string

// The policies. An empty one is Replace.
const (
	Replace Policy = "replace" // the new one ends the old one
	Refuse  Policy = "refuse"  // the old one stays alone
	Allow   Policy = "allow"   // both live
)

// ErrRefused is returned by Admit when the account has a socket and Policy is Refuse.
var ErrRefused = errors.New("session: the account is connected already")

// shards spreads accounts, so that sockets that come and go seldom meet, and
// Run has small parts to walk through.
const shards = 64

// RegistryOptions make a Registry.
type RegistryOptions struct {
	// Limits hold for every session.
	Limits Limits
}

// Registry knows the sessions of this node by account.
type Registry struct {
	limits      Limits
	seed        maphash.Seed
	generations atomic.Uint64
	shards      [shards]shard

	count         atomic.Int64
	frames, bytes atomic.Uint64
	closes        closes
}

type key struct{ game, account string }

type shard struct {
	mu sync.RWMutex
	// sessions has the newest session of each account; the others hang on its next.
	sessions map[key]*Session
	// sections are the critical sections that somebody is in or waits for.
	sections map[key]*section
}

// NewRegistry returns an empty registry.
func NewRegistry(o RegistryOptions) *Registry {
	r := &Registry{limits: o.Limits.withDefaults(), seed: maphash.MakeSeed()}
	for i := range r.shards {
		r.shards[i].sessions = map[key]*Session{}
		r.shards[i].sections = map[key]*section{}
	}
	return r
}

func (r *Registry) shard(k key) *shard {
	return &r.shards[maphash.Comparable(r.seed, k)%shards]
}

// section is one account's critical section.
type section struct {
	token chan struct{} // holds one value while nobody is inside
	users int
}

// Lock enters the critical section of an account: opening a socket, closing one
// and what goes with it never overlap. It returns ctx's error when ctx ends first.
func (r *Registry) Lock(ctx context.Context, game, account string) (unlock func(), err error) {
	k := key{game, account}
	sh := r.shard(k)
	sh.mu.Lock()
	sec := sh.sections[k]
	if sec == nil {
		sec = &section{token: make(chan struct{}, 1)}
		sec.token <- struct{}{}
		sh.sections[k] = sec
	}
	sec.users++
	sh.mu.Unlock()
	release := func() {
		sh.mu.Lock()
		if sec.users--; sec.users == 0 {
			delete(sh.sections, k)
		}
		sh.mu.Unlock()
	}
	select {
	case <-sec.token:
		return func() { sec.token <- struct{}{}; release() }, nil
	case <-ctx.Done():
		release()
		return nil, ctx.Err()
	}
}

// Admit puts a session into the registry by the policy. The caller is in the
// account's critical section. With Replace the old ones are closed with 4409, and
// Admit waits until none of their messages is being handled any more.
func (r *Registry) Admit(s *Session, p Policy) error {
	k := key{s.game, s.account}
	sh := r.shard(k)
	old := r.Of(s.game, s.account)
	switch {
	case p == Refuse && len(old) > 0:
		return ErrRefused
	case p != Allow:
		for _, o := range old {
			o.Close(CodeReplaced, "replaced by another socket")
		}
		for _, o := range old {
			o.Quiesce()
			r.Remove(o)
		}
	}
	sh.mu.Lock()
	s.next = sh.sessions[k]
	sh.sessions[k] = s
	sh.mu.Unlock()
	r.count.Add(1)
	return nil
}

// Remove takes a session out. removed is false when it was not in, be it that
// another one has replaced it; left is how many of its account remain. The caller
// is in the account's critical section.
func (r *Registry) Remove(s *Session) (removed bool, left int) {
	k := key{s.game, s.account}
	sh := r.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	var first, last *Session
	for o := sh.sessions[k]; o != nil; {
		next := o.next
		o.next = nil
		switch {
		case o == s:
			removed = true
		case first == nil:
			first, last = o, o
			left++
		default:
			last.next, last = o, o
			left++
		}
		o = next
	}
	if first == nil {
		delete(sh.sessions, k)
	} else {
		sh.sessions[k] = first
	}
	if removed {
		r.count.Add(-1)
	}
	return removed, left
}

// Of returns the sessions of an account, the newest first.
func (r *Registry) Of(game, account string) []*Session {
	k := key{game, account}
	sh := r.shard(k)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	var list []*Session
	for s := sh.sessions[k]; s != nil; s = s.next {
		list = append(list, s)
	}
	return list
}

// Count returns how many sessions are registered.
func (r *Registry) Count() int { return int(r.count.Load()) }

// Each calls yield for every session registered, part by part: those that come
// or go meanwhile may be missed. yield may call anything.
func (r *Registry) Each(yield func(*Session) bool) {
	for i := range r.shards {
		for _, s := range r.part(i) {
			if !yield(s) {
				return
			}
		}
	}
}

func (r *Registry) part(i int) []*Session {
	sh := &r.shards[i]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	list := make([]*Session, 0, len(sh.sessions))
	for _, s := range sh.sessions {
		for ; s != nil; s = s.next {
			list = append(list, s)
		}
	}
	return list
}

// CloseSignIns closes, with 4401, the sockets of an account whose sign-ins have ended.
func (r *Registry) CloseSignIns(game, account string, sids []string) {
	for _, s := range r.Of(game, account) {
		for _, sid := range sids {
			if s.sid == sid {
				s.Close(CodeToken, "signed out")
			}
		}
	}
}

// CloseAccount closes all sockets of an account.
func (r *Registry) CloseAccount(game, account string, code int, reason string) {
	for _, s := range r.Of(game, account) {
		s.Close(code, reason)
	}
}

// Rename gives the account's sessions another username.
func (r *Registry) Rename(game, account, username string) {
	for _, s := range r.Of(game, account) {
		s.mu.Lock()
		s.username = username
		s.mu.Unlock()
	}
}

// Tell queues a frame for every session.
func (r *Registry) Tell(f *broadcast.Frame) {
	for s := range r.Each {
		s.Send(f)
	}
}

// Drain closes every session with 1001. It does not wait; those who read do.
func (r *Registry) Drain() {
	for s := range r.Each {
		s.Close(CodeDraining, "draining")
	}
}
