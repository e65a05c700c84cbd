package local

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

func testObject(maxPlayers int) *gameServer {
	o := Options{PortNames: []string{"default", "query"}, MaxPlayers: maxPlayers}
	g := newGameServer(allocation.Server{Name: "arena-m", Address: "127.0.0.1"}, "m", o, []int{7000, 7001})
	g.setPayload(`{"matchId":"m"}`)
	return g
}

func testSidecar(maxPlayers int) *sidecar {
	return newSidecar(testObject(maxPlayers), func(bearer string, body []byte) (int, []byte) {
		return http.StatusAccepted, []byte(bearer + " " + string(body))
	})
}

func do(s *sidecar, method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, "http://127.0.0.1:9358"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestGameServerShape holds the whole object to its documented form.
func TestGameServerShape(t *testing.T) {
	s := testSidecar(8)
	s.object.identity.created = time.Unix(1700000000, 0)
	_, got := do(s, "GET", "/gameserver", "")
	want := `{"object_meta":{"name":"arena-m","namespace":"default","uid":"m","resource_version":"1","generation":"1",` +
		`"creation_timestamp":"1700000000","deletion_timestamp":"0","annotations":{"GAMEFLOW_PAYLOAD":"{\"matchId\":\"m\"}"},"labels":{}},` +
		`"spec":{"health":{"disabled":false}},"status":{"state":"Scheduled","address":"127.0.0.1","addresses":[],` +
		`"ports":[{"name":"default","port":7000},{"name":"query","port":7001}],"counters":{},"lists":{"players":{"capacity":"8","values":[]}}}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, got := do(testSidecar(0), "GET", "/gameserver", ""); !strings.Contains(got, `"lists":{}`) {
		t.Errorf("no players, and got %s", got)
	}
}

func TestSidecarAnswers(t *testing.T) {
	const (
		notFound = `{"code":5,"message":"Not Found","details":[]}`
		badBody  = `{"code":3,"message":"request body is not a JSON object of the expected shape","details":[]}`
		list     = "/v1beta1/lists/players"
	)
	type call struct {
		method, path, body string
		status             int
		want               string
	}
	cases := map[string][]call{
		"life": {
			{"POST", "/ready", "", 200, "{}"},
			{"POST", "/health", "{}", 200, "{}"},
			{"POST", "/reserve", `{"seconds":"30"}`, 200, "{}"},
			{"POST", "/reserve", `{"seconds":30}`, 200, "{}"},
			{"POST", "/allocate", "{}", 200, "{}"},
			{"POST", "/shutdown", `{"unknown":1}`, 200, "{}"},
		},
		"players": {
			{"GET", list, "", 200, `{"name":"players","capacity":"2","values":[]}`},
			{"POST", list + ":addValue", `{"value":"a"}`, 200, `{"name":"players","capacity":"2","values":["a"]}`},
			{"POST", list + ":addValue", `{"value":"a"}`, 409, `{"code":6,"message":"value is in the list already","details":[]}`},
			{"POST", list + ":addValue", `{"value":"b"}`, 200, `{"name":"players","capacity":"2","values":["a","b"]}`},
			{"POST", list + ":addValue", `{"value":"c"}`, 400, `{"code":11,"message":"list is full","details":[]}`},
			{"POST", list + ":addValue", `{"value":"a"}`, 409, `{"code":6,"message":"value is in the list already","details":[]}`},
			{"POST", list + ":removeValue", `{"value":"c"}`, 404, `{"code":5,"message":"value is not in the list","details":[]}`},
			{"POST", list + ":removeValue", `{"value":"a"}`, 200, `{"name":"players","capacity":"2","values":["b"]}`},
			{"POST", list + ":addValue", `{}`, 400, `{"code":3,"message":"value must be 1 to 256 bytes","details":[]}`},
			{"POST", list + ":addValue", `{"value":7}`, 400, badBody},
			{"GET", "/v1beta1/lists/others", "", 404, notFound},
			{"POST", list + ":clear", "", 404, notFound},
			{"GET", list + ":", "", 404, notFound},
		},
		"metadata": {
			{"PUT", "/metadata/label", `{"key":"mode","value":"ctf"}`, 200, "{}"},
			{"PUT", "/metadata/annotation", `{"key":"GAMEFLOW_PAYLOAD","value":"mine"}`, 200, "{}"},
			{"PUT", "/metadata/label", `{"value":"ctf"}`, 400, `{"code":3,"message":"key must be 1 to 253 bytes, value at most 4096","details":[]}`},
			{"POST", "/metadata/label", `{"key":"mode"}`, 501, `{"code":12,"message":"Method Not Allowed","details":[]}`},
		},
		"bad input": {
			{"GET", "/", "", 404, notFound},
			{"POST", "/ready/", "{}", 404, notFound},
			{"GET", "/ready", "", 501, `{"code":12,"message":"Method Not Allowed","details":[]}`},
			{"POST", "/ready", "[]", 400, badBody},
			{"POST", "/ready", `"x"`, 400, badBody},
			{"POST", "/shutdown", "{", 400, badBody},
			{"POST", "/shutdown", "{} {}", 400, badBody},
			{"POST", "/shutdown", "{" + strings.Repeat(" ", 70<<10) + "}", 413, `{"code":8,"message":"request body is too large","details":[]}`},
			{"POST", "/reserve", `{"seconds":"soon"}`, 400, badBody},
			{"POST", "/reserve", `{"seconds":-1}`, 400, `{"code":3,"message":"seconds must be 0 to 86400","details":[]}`},
			{"POST", "/reserve", `{"seconds":9223372036854775807}`, 400, `{"code":3,"message":"seconds must be 0 to 86400","details":[]}`},
			{"POST", "/reserve", `{"seconds":9223372036854775808}`, 400, badBody},
		},
		"result": {
			{"POST", "/result", `{"teams":[]}`, 202, ` {"teams":[]}`},
			{"POST", "/result", strings.Repeat("x", 257<<10), 413, `{"error":"Result too large","code":"too_large"}`},
			{"GET", "/result", "", 501, `{"code":12,"message":"Method Not Allowed","details":[]}`},
		},
	}
	for name, calls := range cases {
		t.Run(name, func(t *testing.T) {
			s := testSidecar(2)
			for _, c := range calls {
				if status, got := do(s, c.method, c.path, c.body); status != c.status || got != c.want {
					t.Errorf("%s %s %.60s: %d %s, want %d %s", c.method, c.path, c.body, status, got, c.status, c.want)
				}
			}
			if name == "bad input" && s.object.current() != stateScheduled {
				t.Errorf("bad input led to %s", s.object.current())
			}
			if name == "metadata" {
				v := s.object.view().Meta
				if v.Labels["agones.dev/sdk-mode"] != "ctf" || v.Annotations["GAMEFLOW_PAYLOAD"] != `{"matchId":"m"}` {
					t.Errorf("metadata is %+v", v)
				}
			}
		})
	}
}

func TestNoPlayersList(t *testing.T) {
	s := testSidecar(0)
	for _, c := range []string{"GET ", "POST :addValue", "POST :removeValue"} {
		method, verb, _ := strings.Cut(c, " ")
		status, got := do(s, method, "/v1beta1/lists/players"+verb, `{"value":"a"}`)
		if status != 404 || got != `{"code":5,"message":"list not found: players","details":[]}` {
			t.Errorf("%s: %d %s", c, status, got)
		}
	}
}

func TestBearer(t *testing.T) {
	s := testSidecar(0)
	for header, want := range map[string]string{
		"Bearer tok": "tok {}", "bearer  tok ": "tok {}", "Basic tok": " {}", "": " {}", "Bearer": " {}",
	} {
		if _, got := do(s, "POST", "/result", "{}", "Authorization", header); got != want {
			t.Errorf("%q gave %q", header, got)
		}
	}
}

// TestNoWebPageMayCall: a page in a browser on this machine is no game server.
func TestNoWebPageMayCall(t *testing.T) {
	s := testSidecar(0)
	if status, _ := do(s, "POST", "/shutdown", "{}", "Origin", "https://evil.example"); status != 403 {
		t.Errorf("a page was answered %d", status)
	}
	for host, want := range map[string]int{
		"evil.example": 403, "evil.example:9358": 403, "10.0.0.1:80": 403, "": 403,
		"localhost:9358": 200, "127.0.0.1": 200, "[::1]:9358": 200,
	} {
		r := httptest.NewRequest("POST", "/health", strings.NewReader("{}"))
		r.Host = host
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q was answered %d, want %d", host, w.Code, want)
		}
	}
	if s.object.current() != stateScheduled {
		t.Error("it was obeyed")
	}
}

func TestMetadataIsBounded(t *testing.T) {
	s := testSidecar(0)
	var status int
	for i := range maxMetaKeys + 1 {
		body, _ := json.Marshal(map[string]string{"key": strings.Repeat("k", i+1), "value": "v"})
		status, _ = do(s, "PUT", "/metadata/label", string(body))
	}
	if status != http.StatusTooManyRequests || len(s.object.labels) != maxMetaKeys {
		t.Errorf("status %d, %d labels", status, len(s.object.labels))
	}
	if status, _ := do(s, "PUT", "/metadata/label", `{"key":"k","value":"changed"}`); status != 200 {
		t.Errorf("a label that is there: %d", status)
	}
}

// TestClosedSidecar: a request that comes too late is told so.
func TestClosedSidecar(t *testing.T) {
	s, err := openSidecar(testObject(0), nil, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	s.serve()
	s.close()
	s.wait()
	if status, _ := do(s, "POST", "/health", "{}"); status != http.StatusServiceUnavailable {
		t.Errorf("answered %d", status)
	}
}

func FuzzSidecar(f *testing.F) {
	paths := []string{
		"/ready", "/health", "/shutdown", "/allocate", "/reserve", "/metadata/label", "/metadata/annotation",
		"/v1beta1/lists/players:addValue", "/v1beta1/lists/players:removeValue", "/result", "/gameserver",
	}
	methods := []string{"POST", "PUT", "GET"}
	for i := range paths {
		f.Add(i, 0, []byte(`{"value":"a","key":"k","seconds":"3"}`))
		f.Add(i, 1, []byte(`{"value":null,"key":"\ud800","seconds":1e3}`))
		f.Add(i, 2, []byte("{\xff"))
	}
	f.Fuzz(func(t *testing.T, path, method int, body []byte) {
		s := testSidecar(2)
		p, m := paths[uint(path)%uint(len(paths))], methods[uint(method)%uint(len(methods))]
		status, got := do(s, m, p, string(body))
		if p == "/result" && status == http.StatusAccepted {
			return
		}
		if !json.Valid([]byte(got)) || status >= 500 && status != http.StatusNotImplemented {
			t.Errorf("%s %s: %d %s", m, p, status, got)
		}
		if status != 200 && s.object.current() != stateScheduled {
			t.Errorf("%s %s was refused and led to %s", m, p, s.object.current())
		}
		if v := s.object.view(); len(v.Status.Lists["players"].Values) > 2 || v.Meta.Annotations[payloadAnnotation] != `{"matchId":"m"}` {
			t.Errorf("%s %s led to %+v", m, p, v)
		}
	})
}
