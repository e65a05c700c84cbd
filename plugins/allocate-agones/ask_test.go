package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/plugins/allocate-agones/agonestest"
	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

// asking are the settings with which clusters can be asked.
func asking(f *agonestest.Fleet, settle string, others ...string) map[string]any {
	s := releasing(f, others...)
	s["settle"] = settle
	return s
}

// TestFound: the answer of a call is lost, and its server found; the way there is
// only taken then.
func TestFound(t *testing.T) {
	f := agonestest.New(t, "gs-1", "gs-2", "gs-3", "gs-4")
	c := plugintest.Start(t, &agones{}, f.Settings(asking(f, "1h")))
	for i, tc := range []struct {
		loses string
		lose  func()
	}{
		{"nothing", func() {}},
		{"the answer", func() { f.Loses(1) }},
		{"the answer, and the server comes late", func() { f.GoesOn(agonestest.Late{Look: 3}) }},
		{"the answer, and the server is there at once", func() { f.GoesOn(agonestest.Late{}) }},
	} {
		asked := f.Asked()
		tc.lose()
		match := fmt.Sprint("m", i+1)
		s, err := c.Allocate(t.Context(), request(match))
		if want := fmt.Sprint("gs-", i+1); err != nil || s.GetName() != want || s.GetAddress() != "203.0.113.7" || s.GetPort() != 7002 {
			t.Errorf("%s: %v, %v", tc.loses, s, err)
		}
		if asks := f.Asked() - asked; asks != []int{0, 1, 3, 1}[i] {
			t.Errorf("%s: the cluster was asked %d times", tc.loses, asks)
		}
	}
	if f.Calls() != 4 {
		t.Errorf("the allocator was asked %d times", f.Calls())
	}
	// The match has a server, and the answer that says so cannot be read.
	f.Answers(body(`{"gameServerName":"gs-`))
	if s, err := c.Allocate(t.Context(), request("m2")); err != nil || s.GetName() != "gs-2" || left(f) != "gs-1 gs-2 gs-3 gs-4" {
		t.Errorf("half of an answer: %v, %v; left are %s", s, err, left(f))
	}
}

// TestNone: that there is no server is said no sooner than Agones is through.
func TestNone(t *testing.T) {
	const settle = 600 * time.Millisecond
	logs := webtest.Logs(t)
	f := agonestest.New(t, "gs-1")
	c := plugintest.Start(t, &agones{}, f.Settings(asking(f, settle.String())))
	var cut atomic.Pointer[time.Time]
	f.Answers(func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now()
		cut.Store(&now)
		agonestest.Gateway(w, http.StatusBadGateway, 13, "broken "+token)
	})
	_, err := c.Allocate(t.Context(), request("m1"))
	if took := time.Since(*cut.Load()); verdict(err) != "none" || took < settle || f.Asked() < 2 || f.Calls() != 1 {
		t.Errorf("after %s and %d looks: %v", took, f.Asked(), err)
	}
	if left(f) != "gs-1" || strings.Count(err.Error(), "agones:") != 1 {
		t.Errorf("%v; left are %s", err, left(f))
	}
	webtest.Clean(t, fmt.Sprint(err)+logs(), token, "kube-token", f.URL, f.API())
}

// TestTooEarly: when the time for the answer comes first, nothing is said of what
// may still come.
func TestTooEarly(t *testing.T) {
	f := agonestest.New(t, "gs-1")
	c := plugintest.Start(t, &agones{}, f.Settings(asking(f, "1h")))
	for name, answer := range map[string]http.HandlerFunc{
		"an answer": status(503, 14, ""),
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		f.Answers(answer)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if _, err := c.Allocate(ctx, request("m1")); verdict(err) != "unknown" {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	f.Answers(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	ctx, cancel := context.WithCancel(t.Context())
	f.Lists(func(w http.ResponseWriter, _ *http.Request) { cancel(); _, _ = io.WriteString(w, "{}") })
	if _, err := c.Allocate(ctx, request("m1")); verdict(err) != "unknown" {
		t.Errorf("the caller went away: %v", err)
	}
}

// TestSeveralClusters: another cluster may be asked for a server when the answer of
// the first gets lost. The match has one server in the end, and none of them is told
// while there may be another.
func TestSeveralClusters(t *testing.T) {
	for name, tc := range map[string]struct {
		late   []agonestest.Late
		settle string
		want   string
		left   string
	}{
		"the second one late": {[]agonestest.Late{{}, {Cluster: 1, Look: 2}}, "1s", "gs-1", "gs-1 gs-2 far-2"},
		"two in each":         {[]agonestest.Late{{}, {}, {Cluster: 1}, {Cluster: 1}}, "1s", "gs-1", "gs-1"},
		"there only":          {[]agonestest.Late{{Cluster: 1, Look: 1}}, "1s", "far-1", "gs-1 gs-2 far-1 far-2"},
		"two, there only":     {[]agonestest.Late{{Cluster: 1}, {Cluster: 1, Look: 2}}, "1s", "far-1", "gs-1 gs-2 far-1"},
		"too early to tell":   {[]agonestest.Late{{}}, "1h", "", "gs-1 gs-2 far-1 far-2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := agonestest.New(t, "gs-1", "gs-2")
			settings := asking(f, tc.settle, f.Cluster("far-1", "far-2"))
			settings["multi_cluster"] = true
			c := plugintest.Start(t, &agones{}, f.Settings(settings))
			f.GoesOn(tc.late...)
			ctx := t.Context()
			if tc.want == "" {
				var cancel func()
				ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
			}
			s, err := c.Allocate(ctx, request("m1"))
			if s.GetName() != tc.want || left(f) != tc.left || tc.want == "" && verdict(err) != "unknown" {
				t.Errorf("%v, %v; left are %s", s, err, left(f))
			}
		})
	}
}

// TestRefusedBySeveral: the allocator passes on what the last cluster says. Another
// one may have allocated a server before.
func TestRefusedBySeveral(t *testing.T) {
	f := agonestest.New(t, "gs-1")
	settings := asking(f, "300ms", f.Cluster("far-1"))
	settings["multi_cluster"] = true
	c := plugintest.Start(t, &agones{}, f.Settings(settings))
	_, err := c.Allocate(t.Context(), request("m1"))
	must(t, err)
	f.Answers(status(429, 8, agonestest.NoServer))
	if s, err := c.Allocate(t.Context(), request("m1")); err != nil || s.GetName() != "gs-1" {
		t.Errorf("%v, %v", s, err)
	}
	asked := f.Asked()
	if _, err := c.Allocate(t.Context(), request("m2")); verdict(err) != "none" || f.Asked() < asked+4 || left(f) != "gs-1 far-1" {
		t.Errorf("%v, asked %d times; left are %s", err, f.Asked()-asked, left(f))
	}
	// What was never sent is nobody's.
	asked = f.Asked()
	if _, err := c.Allocate(t.Context(), request("")); verdict(err) != "none" || f.Asked() != asked {
		t.Errorf("%v, asked %d times", err, f.Asked()-asked)
	}
}

// TestNotUsable: a server that was the match's is none, and does not stay.
func TestNotUsable(t *testing.T) {
	for state, tc := range map[string]struct {
		change func(*agonestest.GameServer)
		left   string
	}{
		"unhealthy":   {func(g *agonestest.GameServer) { g.State = "Unhealthy" }, "gs-2"},
		"ready again": {func(g *agonestest.GameServer) { g.State = "Ready" }, "gs-2"},
		"ending":      {func(g *agonestest.GameServer) { g.Deleted = true }, "gs-1 gs-2"},
	} {
		f := agonestest.New(t, "gs-1", "gs-2")
		c := plugintest.Start(t, &agones{}, f.Settings(asking(f, "1ms")))
		_, err := c.Allocate(t.Context(), request("m1"))
		must(t, err)
		f.Change("gs-1", tc.change)
		f.Answers(status(500, 13, ""))
		if _, err := c.Allocate(t.Context(), request("m1")); verdict(err) != "none" || left(f) != tc.left {
			t.Errorf("%s: %v; left are %s", state, err, left(f))
		}
	}
}

// TestClustersDoNotTell: what is no list of the match's servers says nothing, even
// when Agones must be through.
func TestClustersDoNotTell(t *testing.T) {
	cases := map[string]http.HandlerFunc{
		"401": status(401, 0, ""), "403": status(403, 0, ""), "404": status(404, 0, ""), "429": status(429, 0, ""), "500": status(500, 0, ""), "202": status(202, 0, ""),
		"nothing": body(`{}`), "a page": body("<html>"), "another list": body(`{"kind":"PodList","items":[]}`), "no items": body(`{"kind":"GameServerList"}`),
		"a part":          body(`{"kind":"GameServerList","metadata":{"continue":"x"},"items":[]}`),
		"others' servers": body(`{"kind":"GameServerList","items":[{"metadata":{"name":"gs-9"},"status":{"state":"Allocated","address":"203.0.113.9","ports":[{"port":1}]}}]}`),
		"cut in the list": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"kind":"GameServerList","items":[`)
		},
		"too long":         body(`{"kind":"GameServerList","items":[],"x":"` + strings.Repeat("x", maxList) + `"}`),
		"no answer at all": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"cut":              func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := agonestest.New(t, "gs-1")
			c := plugintest.Start(t, &agones{}, f.Settings(asking(f, "1ms")))
			f.Loses(1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f.Lists(func(w http.ResponseWriter, r *http.Request) {
				if f.Asked() > 2 || name == "no answer at all" {
					cancel() // the second look could have told
				}
				answer(w, r)
			})
			_, err := c.Allocate(ctx, request("m1"))
			if verdict(err) != "unknown" || left(f) != "gs-1" {
				t.Errorf("%v; left are %s", err, left(f))
			}
			if refused := name == "401" || name == "403" || name == "404"; refused && f.Asked() != 1 {
				t.Errorf("asked %d times", f.Asked())
			}
			webtest.Clean(t, fmt.Sprint(err), token, "kube-token", f.API())
		})
	}
	t.Run("one of two", func(t *testing.T) {
		t.Parallel()
		f := agonestest.New(t, "gs-1")
		settings := asking(f, "1ms", f.Cluster("far-1"))
		f.File("token-2", []byte("another"))
		settings["kubernetes_token"] = []any{f.Path("token"), f.Path("token-2")}
		c := plugintest.Start(t, &agones{}, f.Settings(settings))
		f.Loses(1)
		if _, err := c.Allocate(t.Context(), request("m1")); verdict(err) != "unknown" {
			t.Error(err)
		}
	})
}

// TestTellsAgain: a cluster that answers in the end is asked until it does.
func TestTellsAgain(t *testing.T) {
	f := agonestest.New(t, "gs-1")
	c := plugintest.Start(t, &agones{}, f.Settings(asking(f, "1ms")))
	f.Loses(1)
	f.Lists(func(w http.ResponseWriter, _ *http.Request) {
		if f.Asked() == 2 {
			f.Lists(nil)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	if s, err := c.Allocate(t.Context(), request("m1")); err != nil || s.GetName() != "gs-1" || f.Asked() != 3 {
		t.Errorf("%v, %v, asked %d times", s, err, f.Asked())
	}
}

// TestGivenUp: what was not sent of a call that is given up is never delivered, by
// the kernel neither.
func TestGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	f := agonestest.New(t)
	settings := f.Settings(map[string]any{"url": "http://" + l.Addr().String(), "timeout": "500ms"})
	c := plugintest.Start(t, &agones{}, settings)
	if _, err := c.Allocate(t.Context(), request("m1")); verdict(err) != "unknown" {
		t.Error(err)
	}
	conn, err := l.Accept()
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v", err)
	}
}
