package server_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
	"github.com/muster-gg/muster/core/store/sqlite"
)

// reportResult posts a result as a match's server does.
func reportResult(url string, token []byte, body string) (status int, answer string, err error) {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+base64.RawURLEncoding.EncodeToString(token))
	res, err := reporter.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}

// closed holds that a match that is over answers its server's result so, at every
// repetition, and that nobody is told of it again.
func (s *saga) closed(when string, r sagaRound) {
	s.t.Helper()
	status, answer := s.result(r.matchID)
	var m struct{ Code, MatchID string }
	must(s.t, json.Unmarshal([]byte(answer), &m))
	switch {
	case r.result && (status != http.StatusOK || m.MatchID != r.matchID), !r.result && (status != http.StatusConflict || m.Code != "match_closed"):
		s.t.Errorf("%s: a result is answered %d %s", when, status, answer)
	}
	if _, again := s.result(r.matchID); r.result && again != answer {
		s.t.Errorf("%s: a result is answered %s, then %s", when, answer, again)
	}
	told := make([]answers, len(s.crew))
	for i, m := range s.crew {
		told[i] = m.answers(r.matchID)
	}
	s.sync()
	s.agrees(when+", then results", r.matchID, func(i int) answers { return told[i] })
}

// ends stops the process and looks at what all rounds have left on disk.
func (s *saga) ends(rounds []sagaRound) {
	s.t.Helper()
	// The lobby can start: that is how every round but the first has begun.
	s.node.stop()
	s.gone()
	s.fleet.settled()
	cfg, diags := config.Load(filepath.Join(s.dir, "config.hcl"), config.Options{Files: config.RequireFiles})
	must(s.t, diags.Err())
	records, err := sqlite.Open(s.t.Context(), sqlite.Options{Path: cfg.SQLite.Path})
	must(s.t, err)
	defer records.Close()
	list, err := records.Orphans(s.t.Context(), "arena", 1000)
	must(s.t, err)
	// A crash right behind it writes one down again; it is listed once.
	orphans := map[string]bool{}
	for _, o := range list {
		orphans[o.MatchID] = true
	}
	for _, r := range rounds {
		m, err := records.MatchByID(s.t.Context(), "arena", r.matchID)
		if err != nil {
			s.t.Errorf("%s: the match has no record: %v", r.at, err)
			continue
		}
		if m.Status != r.status || m.Code != r.code || (m.Result != nil) != r.result || m.LobbyID != r.lobbyID {
			s.t.Errorf("%s: recorded as %+v", r.at, m)
		}
		if got := orphans[r.matchID]; got != r.orphan && !(got && r.perhaps) {
			s.t.Errorf("%s: listed as an orphan: %v, want %v", r.at, got, r.orphan)
		}
		delete(orphans, r.matchID)
	}
	for id := range orphans {
		s.t.Errorf("an orphan of an unknown match: %s", id)
	}
	s.nothingUnderWay(filepath.Join(s.dir, "data", "state.db"))
}

// nothingUnderWay holds that the state has no live match, no server without one and
// no start.
func (s *saga) nothingUnderWay(path string) {
	s.t.Helper()
	docs, err := memory.Open(s.t.Context(), memory.Options{Path: path})
	must(s.t, err)
	defer docs.Close()
	for _, kind := range []string{match.KindMatch, match.KindLoose, lobby.KindLobby} {
		must(s.t, docs.List(s.t.Context(), "arena", kind, func(d state.Doc) bool {
			raw, err := d.Value.AppendState(nil)
			if err != nil || kind != lobby.KindLobby || !strings.Contains(string(raw), `"state":"open"`) {
				s.t.Errorf("%s is left: %s, %v", d.Key, raw, err)
			}
			return true
		}))
	}
}
