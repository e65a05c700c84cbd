package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/muster-gg/muster/sdk/hook"
)

// rating is what is stored of an account.
type rating struct {
	value float64
	// matches is how many results it is made of.
	matches int
	// match is the last of them and before the rating without it, so that a result
	// that comes twice counts once.
	match  string
	before *float64

	// fields is the whole entry: others may keep more in it.
	fields  map[string]json.RawMessage
	version hook.Version
}

// decode reads an entry: an object with a rating, or a number.
func decode(e hook.Entry) (rating, bool) {
	r := rating{version: e.Version}
	if json.Unmarshal(e.Value, &r.value) == nil && string(e.Value) != "null" {
		return r, usable(r.value)
	}
	var known struct {
		Rating  *float64 `json:"rating"`
		Matches int      `json:"matches"`
		Match   string   `json:"match"`
		Before  *float64 `json:"before"`
	}
	if json.Unmarshal(e.Value, &r.fields) != nil || json.Unmarshal(e.Value, &known) != nil || known.Rating == nil {
		return r, false
	}
	r.value, r.matches, r.match, r.before = *known.Rating, known.Matches, known.Match, known.Before
	return r, usable(r.value)
}

// encode writes an entry.
func (r rating) encode() (json.RawMessage, error) {
	fields := make(map[string]any, len(r.fields)+4)
	for name, v := range r.fields {
		fields[name] = v
	}
	fields["rating"], fields["matches"], fields["match"], fields["before"] = r.value, r.matches, r.match, r.before
	return json.Marshal(fields)
}

// without is the rating as it was before a match.
func (r rating) without(match string) rating {
	if r.match == match && r.before != nil && usable(*r.before) {
		r.value, r.matches, r.before = *r.before, r.matches-1, nil
	}
	return r
}

// maxCalls is how many calls to the storage run at once.
const maxCalls = 16

// stored reads the ratings of a lobby's humans, by account. Who has none, or one
// that is no number, is left out.
func (b *balancer) stored(ctx context.Context, lobby *hook.Lobby) (map[string]rating, error) {
	if b.StorageKey == "" {
		return nil, nil
	}
	var mu sync.Mutex
	ratings := map[string]rating{}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls)
	for _, id := range humans(lobby) {
		group.Go(func() error {
			r, has, err := b.read(within, id)
			if err != nil || !has {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			ratings[id] = r
			return nil
		})
	}
	return ratings, group.Wait()
}

// read returns one account's rating, false if it has none. The version is that of
// the entry in any case.
func (b *balancer) read(ctx context.Context, account string) (rating, bool, error) {
	entries, err := hook.HostFrom(ctx).Storage().Get(ctx, account, b.StorageKey)
	if errors.Is(err, hook.ErrNoScope) { // erased meanwhile
		return rating{}, false, nil
	}
	if err != nil || len(entries) == 0 {
		return rating{}, false, err
	}
	r, has := decode(entries[0])
	if !has {
		b.Log(ctx).Warn("a stored rating is neither a number nor an object with a rating", "account", account, "key", b.StorageKey)
	}
	return r, has, nil
}

// humans lists the accounts in a lobby.
func humans(lobby *hook.Lobby) []string {
	var ids []string
	for _, t := range lobby.GetTeams() {
		for _, p := range t.GetPlayers() {
			if !p.GetBot() {
				ids = append(ids, p.GetAccountId())
			}
		}
	}
	return ids
}
