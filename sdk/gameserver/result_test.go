package gameserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

var sampleResult = Result{
	Teams:   []TeamResult{{"Red", 1}, {"Blue", 2}},
	Players: []PlayerResult{{AccountID: "p1", Score: 3, Stats: map[string]any{"tags": 2}}, {AccountID: "p2"}},
}

func TestReportOverASocket(t *testing.T) {
	f := newFake("")
	s := connect(t, f)
	wantErr(t, s.Report(t.Context(), sampleResult), ErrNoPayload)
	backend := httptest.NewServer(f)
	defer backend.Close()
	f.setPayload(samplePayload("m-1", backend.URL+"/result"))
	if _, err := s.Payload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Report(t.Context(), sampleResult); err != nil {
		t.Fatal(err)
	}
	if len(f.results) != 1 {
		t.Fatalf("%d results came", len(f.results))
	}
	const want = `{"teams":[{"name":"Red","rank":1},{"name":"Blue","rank":2}],` +
		`"players":[{"accountId":"p1","score":3,"stats":{"tags":2}},{"accountId":"p2","score":0}]}`
	if got := f.results[0]; got.bearer != "Bearer result-secret" || got.contentType != "application/json" || string(got.body) != want {
		t.Errorf("sent %s %s %s", got.bearer, got.contentType, got.body)
	}
}

func TestReportFollowsNoRedirect(t *testing.T) {
	elsewhere := newFake("")
	f := newFake("")
	other := httptest.NewServer(elsewhere)
	defer other.Close()
	backend := httptest.NewServer(http.RedirectHandler(other.URL+"/result", http.StatusTemporaryRedirect))
	defer backend.Close()
	s := connect(t, f)
	f.setPayload(samplePayload("m-1", backend.URL+"/result"))
	if _, err := s.Payload(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Report(t.Context(), sampleResult), ErrResultRefused)
	if n := elsewhere.count("POST /result"); n != 0 {
		t.Errorf("the result went elsewhere %d times", n)
	}
}

// reporter is a connected server in a bubble, with a payload.
func reporter(t *testing.T, f *fakeSidecar, resultURL string) *Server {
	t.Helper()
	f.setPayload(samplePayload("m-1", resultURL))
	s := faked(t, f, Options{HealthInterval: time.Hour})
	if _, err := s.Payload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReportIsTriedAgain(t *testing.T) {
	cases := []struct {
		name     string
		statuses []int
		want     error
		calls    int
		took     time.Duration
	}{
		{"at once", nil, nil, 1, 0},
		{"after errors", []int{503, 429, 408, 500}, nil, 5, 5 * time.Second},
		{"given up", []int{503, 503, 503, 503, 503, 503}, ErrUnavailable, 5, 5 * time.Second},
		{"closed", []int{409}, ErrMatchClosed, 1, 0},
		{"bad token", []int{401}, ErrResultRefused, 1, 0},
		{"unknown match", []int{404}, ErrResultRefused, 1, 0},
		{"bad result", []int{503, 400}, ErrResultRefused, 2, 500 * time.Millisecond},
		{"redirected", []int{307}, ErrResultRefused, 1, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("")
				s := reporter(t, f, "http://muster.example/result")
				defer s.Close()
				f.failNext("POST /result", c.statuses...)
				begin := time.Now()
				wantErr(t, s.Report(t.Context(), sampleResult), c.want)
				if n := f.count("POST /result"); n != c.calls {
					t.Errorf("%d calls, want %d", n, c.calls)
				}
				if d := time.Since(begin); d != c.took {
					t.Errorf("took %s, want %s", d, c.took)
				}
			})
		})
	}
}

// A result that comes while its match is still starting is held by the server.
func TestReportWaitsForASlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(samplePayload("m-1", "http://muster.example/result"))
		s := faked(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/result" {
				time.Sleep(15 * time.Second)
			}
			f.ServeHTTP(w, r)
		}), Options{HealthInterval: time.Hour})
		defer s.Close()
		if _, err := s.Payload(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantErr(t, s.Report(t.Context(), sampleResult), nil)
		if n := f.count("POST /result"); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestReportWithoutAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reporter(t, newFake(""), "")
		defer s.Close()
		wantErr(t, s.Report(t.Context(), sampleResult), ErrNoResultURL)
	})
	local, err := Connect(t.Context(), Options{Getenv: env("GAMEFLOW_SDK_MODE", "local")})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	wantErr(t, local.Report(t.Context(), sampleResult), nil)
}

func TestReportOfWhatIsNoJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reporter(t, newFake(""), "http://muster.example/result")
		defer s.Close()
		bad := Result{Properties: map[string]any{"f": func() {}}}
		wantErr(t, s.Report(t.Context(), bad), ErrResultRefused)
	})
}

func TestErrorsOfOtherShapes(t *testing.T) {
	for body, want := range map[string]SidecarError{
		`{"code":6,"message":"there"}`:       {409, 6, "there"},
		`{"code":"6","error":"old gateway"}`: {409, 6, "old gateway"},
		"  plain text\n":                     {409, 0, "plain text"},
		`{"code":[],"message":7}`:            {409, 0, `{"code":[],"message":7}`},
		``:                                   {409, 0, ""},
	} {
		if got := *readError(409, []byte(body)); got != want {
			t.Errorf("%q was read as %+v, want %+v", body, got, want)
		}
	}
	long, _ := json.Marshal(map[string]string{"message": string(make([]byte, 5000))})
	if got := readError(500, long).Message; len(got) > maxMessage {
		t.Errorf("a message of %d bytes was kept", len(got))
	}
}
