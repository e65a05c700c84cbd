package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/sqlite"
)

func TestExport(t *testing.T) {
	b := linking(t)
	whole := b.store.Store.(*sqlite.Store)
	s := b.in("Ann", device)
	id := s.Account.ID
	if _, err := b.Link(t.Context(), id, "discord", person("d1"), "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	ended := b.in("Ann", device)
	if err := b.Logout(t.Context(), b.valid(ended), false); err != nil {
		t.Fatal(err)
	}
	other := b.in("Bob", "")
	at := time.UnixMilli(1000)
	put := func(game, scope, key, value string) {
		t.Helper()
		_, err := whole.SetEntry(t.Context(), store.Entry{Game: game, Scope: scope, Key: key, Value: []byte(value), UpdatedAt: at}, store.AnyVersion)
		if err != nil {
			t.Fatal(err)
		}
	}
	const many = 2*entryPage + 1
	for i := range many {
		put("arena", id, fmt.Sprintf("k%03d", i), fmt.Sprintf(`{"n":%d}`, i))
	}
	put("arena", "", "game's", `"not of Ann"`)
	put("arena", other.Account.ID, "bob's", `"not of Ann"`)
	for i := range exportPage + 1 {
		roster := fmt.Sprintf(`[{"name":"A","players":[{"accountId":%q,"username":"Ann","bot":false}]}]`, id)
		m := store.Match{ID: fmt.Sprintf("m%03d", i), Game: "arena", Status: "ended", StartedAt: at, EndedAt: at, Roster: []byte(roster), Result: []byte(`{"teams":[]}`)}
		if _, _, err := whole.FinishMatch(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := b.Export(t.Context(), id, &file); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Game       string
		ExportedAt int64
		Account    struct {
			ID, Username string
			CreatedAt    int64
		}
		Identities []struct {
			Provider, Subject, Username string
			Vars                        map[string]string
			LinkedAt                    int64
		}
		SignIns []struct {
			ID                            string
			CreatedAt, ExpiresAt, EndedAt int64
		}
		Matches []struct {
			ID     string
			Teams  []struct{ Players []struct{ Username string } }
			Result json.RawMessage
		}
		Storage []struct {
			Key     string
			Value   struct{ N int }
			Version int64
		}
	}
	if err := json.Unmarshal(file.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, file.String())
	}
	if got.Game != "arena" || got.ExportedAt == 0 || got.Account.ID != id || got.Account.Username != "Ann" || got.Account.CreatedAt != s.Account.CreatedAt.UnixMilli() {
		t.Errorf("account %+v", got.Account)
	}
	if i := got.Identities; len(i) != 2 || i[0].Provider != "anonymous" || i[1].Subject != "d1" || i[1].Vars["from"] != "192.0.2.1" || i[1].LinkedAt == 0 {
		t.Errorf("identities %+v", i)
	}
	endings := map[string]bool{}
	for _, c := range got.SignIns {
		endings[c.ID] = c.EndedAt != 0
	}
	if len(endings) != 2 || endings[s.SID] || !endings[ended.SID] {
		t.Errorf("sign-ins %+v", got.SignIns)
	}
	if m := got.Matches; len(m) != exportPage+1 || m[100].ID != "m100" || m[0].Teams[0].Players[0].Username != "Ann" || string(m[0].Result) != `{"teams":[]}` {
		t.Errorf("%d matches", len(m))
	}
	if len(got.Storage) != many || got.Storage[many-1].Key != fmt.Sprintf("k%03d", many-1) || got.Storage[0].Version == 0 {
		t.Errorf("storage %+v", got.Storage)
	}
	if strings.Contains(file.String(), "not of Ann") || strings.Contains(file.String(), device) {
		t.Error("the file holds what is not hers, or a secret")
	}
	b.silent([]error{errors.New(file.String())}, s, ended)
}

func TestExportOfNothing(t *testing.T) {
	b := newBench(t, openStore(t))
	var file bytes.Buffer
	if err := b.Export(t.Context(), "nobody", &file); code(err) != "account_not_found" || file.Len() != 0 {
		t.Errorf("got %v, %s", err, file.String())
	}
	if err := b.Export(t.Context(), b.in("Ann", "").Account.ID, &file); err != nil ||
		!strings.HasSuffix(file.String(), `"matches":[],"storage":[]}`+"\n") || !json.Valid(file.Bytes()) {
		t.Errorf("got %v, %s", err, file.String())
	}
}

// brokenPipe takes some bytes.
type brokenPipe struct{ left int }

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.left -= len(b); p.left < 0 {
		return 0, errors.New("gone")
	}
	return len(b), nil
}

func TestExportToNobody(t *testing.T) {
	b := newBench(t, openStore(t))
	id := b.in("Ann", "").Account.ID
	whole := b.store.Store.(*sqlite.Store)
	for i := range entryPage + 1 {
		e := store.Entry{Game: "arena", Scope: id, Key: fmt.Sprint(i), Value: []byte(`"` + strings.Repeat("x", 60<<10) + `"`)}
		if _, err := whole.SetEntry(t.Context(), e, store.AnyVersion); err != nil {
			t.Fatal(err)
		}
	}
	pipe := &brokenPipe{left: 100 << 10}
	if err := b.Export(t.Context(), id, pipe); code(err) != "internal" {
		t.Errorf("got %v", err)
	}
	if pipe.left < -(100 << 10) {
		t.Errorf("it wrote on: %d", pipe.left)
	}
}
