package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/plugins/allocate-agones/agonestest"
	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	token   = "result-token-of-the-match-0123456789"
	payload = `{"matchId":"m1","resultToken":"` + token + `"}`
)

func request(match string) *hook.AllocateRequest {
	return &hook.AllocateRequest{Game: "arena", MatchId: match, Payload: payload, Timeout: 60_000}
}

// verdict is "none", "unknown" or "made".
func verdict(err error) string {
	_, refused := hook.AsRefusal(err)
	switch {
	case err == nil:
		return "made"
	case refused:
		return "none"
	}
	return "unknown"
}

func TestAllocate(t *testing.T) {
	f := agonestest.New(t, "gs-1", "gs-2")
	c := plugintest.Start(t, &agones{}, f.Settings(map[string]any{
		"labels": map[string]string{"mode": "duel"}, "annotations": map[string]string{"example.com/map": "ice"},
		"multi_cluster": true, "policy_labels": map[string]string{"tier": "one"},
	}))
	if points := fmt.Sprint(c.Description.GetPoints()); !strings.Contains(points, "allocate") {
		t.Errorf("serves %s", points)
	}
	for i, match := range []string{"m1", "m2", "m1"} { // asked again, it is the same one
		s, err := c.Allocate(t.Context(), request(match))
		if want := "gs-" + match[1:]; err != nil || s.GetName() != want || s.GetAddress() != "203.0.113.7" || s.GetPort() != 7002 {
			t.Errorf("%d: %v, %v", i, s, err)
		}
	}
	if _, err := c.Allocate(t.Context(), request("m3")); verdict(err) != "none" || !strings.Contains(err.Error(), "no server is free") {
		t.Errorf("an empty fleet: %v", err)
	}
	g, asked := f.Servers()[0], f.Last()
	if g.Annotations["GAMEFLOW_PAYLOAD"] != payload || g.Annotations["example.com/map"] != "ice" || g.Annotations[matchLabel] != "m1" ||
		g.Labels[matchLabel] != "m1" || g.Labels[gameLabel] != "arena" || g.Labels["mode"] != "duel" {
		t.Errorf("the server has %v %v", g.Labels, g.Annotations)
	}
	if asked["namespace"] != "default" || asked["scheduling"] != "Packed" ||
		fmt.Sprint(asked["multiClusterSetting"]) != "map[enabled:true policySelector:map[matchLabels:map[tier:one]]]" {
		t.Errorf("asked with %v", asked)
	}
}

func TestRegionsAndPorts(t *testing.T) {
	for name, tc := range map[string]struct {
		settings map[string]any
		region   string
		want     string
		port     int32
	}{
		"the region":           {map[string]any{"region_label": "region"}, "eu", "made", 7002},
		"another region":       {map[string]any{"region_label": "region"}, "us", "none", 0},
		"no region":            {map[string]any{"region_label": "region"}, "", "made", 7002},
		"a bad region":         {map[string]any{"region_label": "region"}, "eu,x=y", "none", 0},
		"regions do not count": {nil, "us", "made", 7002},
		"a named port":         {map[string]any{"port_name": "voice"}, "", "made", 7003},
		"a port that is not":   {map[string]any{"port_name": "tcp"}, "", "unknown", 0},
		"the second selector":  {map[string]any{"selectors": []string{"agones.dev/fleet=none", "agones.dev/fleet=arena,region=eu"}}, "", "made", 7002},
		"no such fleet":        {map[string]any{"selectors": []string{"agones.dev/fleet=none"}}, "", "none", 0},
	} {
		f := agonestest.New(t, "gs-1")
		c := plugintest.Start(t, &agones{}, f.Settings(tc.settings))
		r := request("m1")
		r.Region = tc.region
		if s, err := c.Allocate(t.Context(), r); verdict(err) != tc.want || s.GetPort() != tc.port {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

// TestOddIds: what Kubernetes would refuse is never sent.
func TestOddIds(t *testing.T) {
	f := agonestest.New(t, "gs-1")
	c := plugintest.Start(t, &agones{}, f.Settings(nil))
	if _, err := c.Allocate(t.Context(), request("-m 1")); err != nil || !strings.HasPrefix(f.Servers()[0].Labels[matchLabel], "sha256-") || f.Servers()[0].Annotations[matchLabel] != "-m 1" {
		t.Errorf("%v, %v", f.Servers(), err)
	}
	long := request("m2")
	long.Payload = strings.Repeat("x", 250<<10)
	for name, r := range map[string]*hook.AllocateRequest{"no match": request(""), "a long payload": long} {
		if _, err := c.Allocate(t.Context(), r); verdict(err) != "none" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.Calls() != 1 {
		t.Errorf("asked %d times", f.Calls())
	}
}

func status(status, code int, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { agonestest.Gateway(w, status, code, message) }
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// TestWhatIsKnown: only what proves that no server was allocated lets the next
// provider be tried. No error tells the payload's secrets, whatever is answered.
func TestWhatIsKnown(t *testing.T) {
	cases := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"400": {status(400, 3, "invalid "+token), "none"}, "401": {status(401, 16, ""), "none"}, "403": {status(403, 7, ""), "none"},
		"404": {status(404, 5, "namespace"), "none"}, "408": {status(408, 4, ""), "unknown"}, "409": {status(409, 10, "too many concurrent requests"), "none"},
		"429": {status(429, 8, agonestest.NoServer), "none"}, "429 of a proxy": {status(429, 0, ""), "none"}, "499": {status(499, 1, ""), "unknown"},
		"empty, as 503": {status(503, 14, agonestest.NoServer), "none"}, "empty, as 504": {status(504, 4, agonestest.NoServer), "none"},
		"a status of Kubernetes": {status(500, 422, "GameServerAllocation is invalid "+payload), "none"},
		"500":                    {status(500, 13, "internal "+token), "unknown"}, "502": {status(502, 0, ""), "unknown"},
		"503": {status(503, 14, ""), "unknown"}, "504": {status(504, 4, ""), "unknown"}, "201": {status(201, 0, ""), "unknown"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/else", http.StatusTemporaryRedirect)
		}, "unknown"},
		"nobody": {body(`{}`), "unknown"}, "a page": {body("<html>" + token), "unknown"}, "a list": {body(`[]`), "unknown"}, "half": {body(`{"gameServerName":"`), "unknown"},
		"no ports": {body(`{"gameServerName":"gs","address":"203.0.113.7"}`), "unknown"},
		"huge":     {body(`{"x":"` + strings.Repeat("x", 2<<20) + `"}`), "unknown"},
	}
	for name, trouble := range webtest.Troubles() {
		if name == "cut" || name == "cut in the body" || name == "slow" || name == "slow body" || name == "no HTTP" || name == "huge header" {
			cases["trouble: "+name] = struct {
				answer http.HandlerFunc
				want   string
			}{trouble, "unknown"}
		}
	}
	logs := webtest.Logs(t)
	f := agonestest.New(t, "gs-1")
	c := plugintest.Start(t, &agones{}, f.Settings(map[string]any{"timeout": time.Second}))
	for name, tc := range cases {
		f.Answers(tc.answer)
		_, err := c.Allocate(t.Context(), request("m1"))
		if verdict(err) != tc.want || f.Calls() != 1 {
			t.Errorf("%s: %v, %d calls", name, err, f.Calls())
		}
		webtest.Clean(t, fmt.Sprint(err), token, f.URL)
	}
	webtest.Clean(t, logs(), token)
}

// TestNotConnected: nothing was sent, so nothing was made.
func TestNotConnected(t *testing.T) {
	f := agonestest.New(t, "gs-1")
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := "https://" + gone.Addr().String()
	must(t, gone.Close())
	other := agonestest.NewAuthority(t)
	f.File("other.crt", other.PEM)
	for name, changed := range map[string]map[string]any{
		"nobody there":        {"url": address},
		"another name":        {"server_name": "else.test"},
		"another's authority": {"ca": f.Dir + "/other.crt"},
	} {
		c := plugintest.Start(t, &agones{}, f.Settings(changed))
		if _, err := c.Allocate(t.Context(), request("m1")); verdict(err) != "none" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := plugintest.Start(t, &agones{}, f.Settings(nil))
	ctx, cancel := context.WithCancel(t.Context())
	f.Answers(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if _, err := c.Allocate(ctx, request("m1")); verdict(err) != "unknown" {
		t.Errorf("the caller went away: %v", err)
	}
}

// TestCertificatesChange: new files are used without a restart, and half of a
// change is not.
func TestCertificatesChange(t *testing.T) {
	f := agonestest.New(t, "gs-1", "gs-2", "gs-3")
	c := plugintest.Start(t, &agones{}, f.Settings(nil))
	try := func(match string) error {
		_, err := c.Allocate(t.Context(), request(match))
		return err
	}
	must(t, try("m1"))
	next := agonestest.NewAuthority(t)
	f.Trusts(f.CA, next)
	_, key := next.Issue("muster")
	f.File("tls.key", key) // the certificate is still the old one
	must(t, try("m2"))
	f.Renew(next)
	must(t, try("m3"))
	// Now the service trusts nobody of the old authority.
	f.Trusts(next)
	calls := f.Calls()
	must(t, try("m3"))
	f.Renew(f.CA)
	if err := try("m1"); err == nil {
		t.Error("a certificate that is not trusted is taken")
	} else if strings.Contains(err.Error(), "tls:") && verdict(err) != "none" {
		t.Errorf("a refused certificate: %v", err)
	}
	if f.Calls() != calls+1 {
		t.Errorf("%d calls", f.Calls()-calls)
	}
}
