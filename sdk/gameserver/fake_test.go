package gameserver

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// fakeSidecar is the REST interface as Agones' gateway has it: proto names,
// 64-bit numbers as strings, errors as {"code", "message", "details"}.
type fakeSidecar struct {
	camel bool // answer in camelCase instead, numbers as numbers

	mu          sync.Mutex
	state       string
	annotations map[string]string
	capacity    int // of the players list; negative: there is none
	players     []string
	calls       map[string]int // by method and path
	fail        map[string][]int
	watchers    map[chan []byte]struct{}
	cut         chan struct{} // closed and replaced to end all streams
	results     []sentResult
}

type sentResult struct {
	bearer, contentType string
	body                []byte
}

func newFake(payload string) *fakeSidecar {
	f := &fakeSidecar{
		state: "Scheduled", annotations: map[string]string{"agones.dev/x": "1"}, capacity: 8,
		calls: map[string]int{}, fail: map[string][]int{},
		watchers: map[chan []byte]struct{}{}, cut: make(chan struct{}),
	}
	if payload != "" {
		f.annotations[PayloadAnnotation] = payload
	}
	return f
}

// failNext answers the next calls with these statuses; 0 is a normal answer.
func (f *fakeSidecar) failNext(call string, statuses ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[call] = append(f.fail[call], statuses...)
}

func (f *fakeSidecar) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

func (f *fakeSidecar) current() (state string, players []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state, slices.Clone(f.players)
}

func (f *fakeSidecar) setPayload(p string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.annotations[PayloadAnnotation] = p
	f.changed()
}

// cutStreams ends every watch stream, as a restarted sidecar does.
func (f *fakeSidecar) cutStreams() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.cut)
	f.cut = make(chan struct{})
}

func (f *fakeSidecar) changed() {
	for w := range f.watchers {
		w <- f.frame()
	}
}

func (f *fakeSidecar) view() map[string]any {
	number := func(n int) any { return strconv.Itoa(n) }
	meta, lists := "object_meta", map[string]any{}
	if f.camel {
		number = func(n int) any { return n }
		meta = "objectMeta"
	}
	if f.capacity >= 0 {
		lists[listName] = map[string]any{"capacity": number(f.capacity), "values": append([]string{}, f.players...)}
	}
	return map[string]any{
		meta: map[string]any{
			"name": "fake-1", "namespace": "default", "uid": "u", "generation": number(1),
			"annotations": f.annotations, "labels": map[string]string{"game": "arena"},
		},
		"spec": map[string]any{"health": map[string]any{"disabled": false}},
		"status": map[string]any{
			"state": f.state, "address": "127.0.0.1", "addresses": []string{},
			"ports": []any{map[string]any{"name": "default", "port": 21000}}, "lists": lists,
		},
	}
}

func (f *fakeSidecar) frame() []byte {
	raw, _ := json.Marshal(map[string]any{"result": f.view()})
	return append(raw, '\n')
}

func (f *fakeSidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Method + " " + r.URL.Path
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.calls[call]++
	status := 0
	if next := f.fail[call]; len(next) > 0 {
		status, f.fail[call] = next[0], next[1:]
	}
	f.mu.Unlock()
	if status != 0 {
		fakeError(w, status, 14, "failing as told")
		return
	}
	switch call {
	case "GET /watch/gameserver":
		f.stream(w, r)
	case "POST /result":
		f.mu.Lock()
		f.results = append(f.results, sentResult{r.Header.Get("Authorization"), r.Header.Get("Content-Type"), body})
		f.mu.Unlock()
		_, _ = w.Write([]byte(`{"matchId":"m-1","acceptedAt":1,"result":{}}`))
	default:
		f.answer(w, call, body)
	}
}

func (f *fakeSidecar) answer(w http.ResponseWriter, call string, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var in struct {
		Value string `json:"value"`
	}
	_ = json.Unmarshal(body, &in)
	switch call {
	case "GET /gameserver":
		_ = json.NewEncoder(w).Encode(f.view())
	case "POST /ready", "POST /shutdown":
		f.state = map[string]string{"POST /ready": "Ready", "POST /shutdown": "Shutdown"}[call]
		f.changed()
		_, _ = w.Write([]byte("{}"))
	case "POST /health":
		_, _ = w.Write([]byte("{}"))
	case "GET /v1beta1/lists/players", "POST /v1beta1/lists/players:addValue", "POST /v1beta1/lists/players:removeValue":
		f.list(w, call, in.Value)
	default:
		fakeError(w, http.StatusNotFound, 5, "Not Found")
	}
}

func (f *fakeSidecar) list(w http.ResponseWriter, call, value string) {
	at := slices.Index(f.players, value)
	switch {
	case f.capacity < 0:
		fakeError(w, http.StatusNotFound, 5, "list not found: players")
		return
	case call == "POST /v1beta1/lists/players:addValue":
		if at >= 0 {
			fakeError(w, http.StatusConflict, 6, "value is in the list already")
			return
		}
		if len(f.players) >= f.capacity {
			fakeError(w, http.StatusBadRequest, 11, "out of range")
			return
		}
		f.players = append(f.players, value)
	case call == "POST /v1beta1/lists/players:removeValue":
		if at < 0 {
			fakeError(w, http.StatusNotFound, 5, "not found: value")
			return
		}
		f.players = slices.Delete(f.players, at, at+1)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"name": listName, "capacity": strconv.Itoa(f.capacity), "values": append([]string{}, f.players...),
	})
}

func (f *fakeSidecar) stream(w http.ResponseWriter, r *http.Request) {
	frames := make(chan []byte, 16)
	f.mu.Lock()
	frames <- f.frame()
	f.watchers[frames] = struct{}{}
	cut := f.cut
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.watchers, frames)
		f.mu.Unlock()
	}()
	for {
		select {
		case frame := <-frames:
			if _, err := w.Write(frame); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		case <-cut:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func fakeError(w http.ResponseWriter, status, code int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "details": []any{}})
}
