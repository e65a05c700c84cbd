package transport

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func TestAdmin(t *testing.T) {
	registry := prometheus.NewRegistry()
	n := start(t, func(s *setup) { s.Metrics = registry })
	ann := n.player("ann")
	ann.silent()
	ann.send(`{"type":"evil label"}`)
	ann.refused("unknown_type", "")
	n.get("/no/such/evil", "")
	down := Check{Name: "store", Err: errors.New("disk full")}
	h := NewAdmin(AdminOptions{
		Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), Version: "test",
		Ready: func(context.Context) []Check { return []Check{down} },
	})
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	if status, body := get("/healthz"); status != 200 || body != `{"status":"ok","version":"test"}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := get("/readyz"); status != 503 || !strings.Contains(body, "disk full") {
		t.Errorf("%d %s", status, body)
	}
	down = Check{Name: "plugin discord", Err: errors.New("quarantined"), Optional: true}
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, `"error":"quarantined","optional":true`) {
		t.Errorf("a part that is not needed: %d %s", status, body)
	}
	down = Check{Name: "plugin discord", Detail: "memory_limit 256 MiB", Optional: true}
	if _, body := get("/readyz"); !strings.Contains(body, `{"name":"plugin discord","ok":true,"detail":"memory_limit 256 MiB","optional":true}`) {
		t.Errorf("a part with a detail: %s", body)
	}
	_, body := get("/metrics")
	for _, want := range []string{
		`muster_messages_total{game="arena",outcome="ok",type="ping"} 1`, `muster_sockets{game="arena"} 1`, `muster_frames_sent_total 3`,
		`muster_messages_total{game="arena",outcome="unknown_type",type="unknown"} 1`,
		`muster_http_requests_total{route="/_ws",status="101"} 1`, `muster_http_requests_total{route="other",status="404"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if strings.Contains(body, "evil") {
		t.Error("a client chose a label")
	}
	if status, _ := get("/debug/pprof/"); status != 200 {
		t.Error(status)
	}
	// None of it is on the public side but health.
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if status, _ := n.get(path, ""); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}
