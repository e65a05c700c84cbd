package identity

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
)

const (
	// exportPage is how many rows are in memory at a time.
	exportPage = 100
	// entryPage is the same for entries, which may have 64 KiB each.
	entryPage = 16
)

// Export writes everything that is stored of the person as one JSON object. When
// it fails before anything is written the error is account_not_found or internal;
// afterwards what was written is incomplete.
func (s *Service) Export(ctx context.Context, id string, to io.Writer) error {
	a, err := s.Account(ctx, id)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(to)
	e := export{w: buffered}
	e.open(time.Now(), a)
	pages(&e, "signIns", exportPage, func(after string, limit int) ([]store.SignIn, error) {
		return s.store.SignInsOf(ctx, s.game, id, after, limit)
	}, func(c store.SignIn) (string, any) { return c.ID, newSignInExport(c) })
	pages(&e, "matches", exportPage, func(after string, limit int) ([]store.Match, error) {
		return s.store.MatchesOf(ctx, s.game, id, after, limit)
	}, func(m store.Match) (string, any) { return m.ID, newMatchExport(m) })
	pages(&e, "storage", entryPage, func(after string, limit int) ([]store.Entry, error) {
		return s.store.ListEntries(ctx, s.game, id, "", after, limit)
	}, func(v store.Entry) (string, any) { return v.Key, newEntryExport(v) })
	e.text("}\n")
	if e.err == nil {
		e.err = buffered.Flush()
	}
	if e.err != nil {
		return fault.From(e.err)
	}
	return nil
}

// export writes one object and keeps the first error.
type export struct {
	w   *bufio.Writer
	err error
}

func (e *export) text(s string) {
	if e.err == nil {
		_, e.err = e.w.WriteString(s)
	}
}

func (e *export) value(v any) {
	if e.err != nil {
		return
	}
	var b []byte
	if b, e.err = json.Marshal(v); e.err == nil {
		_, e.err = e.w.Write(b)
	}
}

// open writes the account, its identities, and leaves the object open.
func (e *export) open(now time.Time, a store.Account) {
	identities := make([]identityExport, len(a.Identities))
	for n, i := range a.Identities {
		identities[n] = identityExport{i.Provider, i.Subject, i.Username, i.AvatarURL, i.Vars, i.LinkedAt.UnixMilli()}
	}
	e.text(`{"game":`)
	e.value(a.Game)
	e.text(`,"exportedAt":`)
	e.value(now.UnixMilli())
	e.text(`,"account":`)
	e.value(accountExport{a.ID, a.Username, a.CreatedAt.UnixMilli()})
	e.text(`,"identities":`)
	e.value(identities)
}

// pages writes a list under a name, a page of rows at a time. row returns the id of
// a row, which the next page begins after, and what is written of it.
func pages[T any](e *export, name string, limit int, page func(after string, limit int) ([]T, error), row func(T) (string, any)) {
	e.text(`,"` + name + `":[`)
	after, first := "", true
	for e.err == nil {
		var rows []T
		if rows, e.err = page(after, limit); e.err != nil {
			return
		}
		for _, r := range rows {
			if !first {
				e.text(",")
			}
			first = false
			var shown any
			after, shown = row(r)
			e.value(shown)
		}
		if len(rows) < limit {
			break
		}
	}
	e.text("]")
}

type accountExport struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	CreatedAt int64  `json:"createdAt"`
}

type identityExport struct {
	Provider  string            `json:"provider"`
	Subject   string            `json:"subject"`
	Username  string            `json:"username"`
	AvatarURL string            `json:"avatarUrl,omitempty"`
	Vars      map[string]string `json:"vars,omitempty"`
	LinkedAt  int64             `json:"linkedAt"`
}

// signInExport leaves the hash of the refresh token out: it is no data of the person.
type signInExport struct {
	ID        string `json:"id"`
	CreatedAt int64  `json:"createdAt"`
	ExpiresAt int64  `json:"expiresAt"`
	EndedAt   int64  `json:"endedAt,omitempty"`
}

func newSignInExport(c store.SignIn) signInExport {
	x := signInExport{ID: c.ID, CreatedAt: c.CreatedAt.UnixMilli(), ExpiresAt: c.ExpiresAt.UnixMilli()}
	if !c.RevokedAt.IsZero() {
		x.EndedAt = c.RevokedAt.UnixMilli()
	}
	return x
}

// matchExport has no answer: it repeats the result.
type matchExport struct {
	ID        string          `json:"id"`
	LobbyID   string          `json:"lobbyId,omitempty"`
	Status    string          `json:"status"`
	Code      string          `json:"code,omitempty"`
	StartedAt int64           `json:"startedAt"`
	EndedAt   int64           `json:"endedAt"`
	Provider  string          `json:"provider,omitempty"`
	Region    string          `json:"region,omitempty"`
	Server    string          `json:"server,omitempty"`
	Teams     json.RawMessage `json:"teams,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
}

func newMatchExport(m store.Match) matchExport {
	return matchExport{
		ID: m.ID, LobbyID: m.LobbyID, Status: m.Status, Code: m.Code, StartedAt: m.StartedAt.UnixMilli(), EndedAt: m.EndedAt.UnixMilli(),
		Provider: m.Provider, Region: m.Region, Server: m.Server, Teams: m.Roster, Result: m.Result,
	}
}

type entryExport struct {
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
	Version   int64           `json:"version"`
	UpdatedAt int64           `json:"updatedAt"`
}

func newEntryExport(e store.Entry) entryExport {
	return entryExport{e.Key, e.Value, e.Version, e.UpdatedAt.UnixMilli()}
}
