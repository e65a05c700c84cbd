package server_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/muster-gg/muster/sdk/client"
)

// hanging tells the plugin to hang at a point, begins what leads there, kills the
// plugin in the middle of the call and returns what came of it.
func hanging[T any](r *ruled, point string, begin func() T) T {
	r.t.Helper()
	r.file("hang-"+point, "")
	answer := make(chan T, 1)
	go func() { answer <- begin() }()
	eventually(r.t, "a call of "+point, func() bool { return exists(filepath.Join(r.dir, "hangs-"+point)) })
	must(r.t, syscall.Kill(r.plugins()[0].PID, syscall.SIGKILL))
	return <-answer
}

// back waits until the plugin runs again.
func (r *ruled) back(restarts int) {
	r.t.Helper()
	eventually(r.t, "the plugin again", func() bool {
		p := r.plugins()[0]
		return p.State == "running" && p.Restarts == restarts
	})
}

// TestPluginKilled kills a plugin in the middle of calls that would wait for a
// minute: the policy's answer comes at once, and the next call works.
func TestPluginKilled(t *testing.T) {
	r := newRuled(t, `
  auth = ["anonymous", "moody"]`+pluginBlock("DIR")+`
  hooks "plugin" {
    use    = "moody"
    points = ["balance_teams", "validate_start"]
  }`)
	ctx := t.Context()

	// A sign-in is refused.
	type answer struct {
		status int
		text   string
	}
	got := hanging(r, "authenticate", func() answer {
		status, text := r.signIn(`{"name":"ann"}`)
		return answer{status, text}
	})
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.text, `"provider_unavailable"`) {
		t.Errorf("a sign-in whose plugin dies: %d %s", got.status, got.text)
	}
	r.back(1)
	if status, text := r.signIn(`{"name":"ann"}`); status != http.StatusOK {
		t.Errorf("the next sign-in: %d %s", status, text)
	}

	// Balancing falls back to the teams as they stand.
	ps, _ := r.together("bob", "cid")
	must(t, ps[0].SetTeam(ctx, "A"))
	must(t, ps[1].SetTeam(ctx, "B"))
	for _, p := range ps {
		must(t, p.Ready(ctx, true))
	}
	start := func() error { return ps[0].Start(ctx, "") }
	must(t, hanging(r, "balance_teams", start))
	m := await[*client.MatchStarted](t, ps[1]).Match
	if len(m.Teams[0].Players) != 1 || len(m.Teams[1].Players) != 1 {
		t.Errorf("teams %+v", m.Teams)
	}
	r.back(2)

	// Validation refuses, and the next start is balanced and validated.
	ps, _ = r.together("dan", "eve")
	must(t, hanging(r, "validate_start", start))
	if f := await[*client.MatchFailed](t, ps[1]); f.Code != "hook_failed" {
		t.Errorf("a start whose plugin dies: %+v", f)
	}
	r.back(3)
	must(t, start())
	if m := await[*client.MatchStarted](t, ps[1]).Match; len(m.Teams[1].Players) != 2 {
		t.Errorf("the next start: %+v", m.Teams)
	}
}

// TestPluginSignsIn goes through what a provider may answer.
func TestPluginSignsIn(t *testing.T) {
	r := newRuled(t, `
  auth = ["anonymous", "moody"]`+pluginBlock("DIR"))
	for body, want := range map[string]string{
		`{}`:                 `400 {"error":"A name is required","code":"invalid_field"`,
		`{"name":"mallory"}`: `401 {"error":"Not you","code":"provider_refused"`,
		`{"name":"nobody"}`:  `502 {"error":"The sign-in provider cannot be reached","code":"provider_unreachable"`,
		`{"name":"ann"}`:     `200 {"accessToken":`,
		`[]`:                 `400 {"error":"Invalid request body"`,
	} {
		status, text := r.signIn(body)
		if got := fmt.Sprint(status, " ", text); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", body, got)
		}
	}
}

// TestRefusalsArePersonal: players are told their own reasons.
func TestRefusalsArePersonal(t *testing.T) {
	r := newRuled(t, pluginBlock("DIR")+`
  hooks "plugin" {
    use    = "moody"
    points = ["validate_start"]
  }`)
	ctx := t.Context()
	ann, bob := r.player("ann"), r.player("bob")
	made, err := ann.CreateLobby(ctx, client.LobbyOptions{Name: "no"})
	must(t, err)
	_, err = bob.Join(ctx, client.JoinOptions{Code: made.Code})
	must(t, err)
	must(t, ann.Ready(ctx, true))
	must(t, bob.Ready(ctx, true))
	must(t, ann.Start(ctx, ""))
	for _, p := range []*player{ann, bob} {
		f := await[*client.MatchFailed](t, p)
		if f.Code != "refused_by_hook" || !strings.HasPrefix(f.Message, "not you, ") {
			t.Errorf("told %+v", f)
		}
	}
}
