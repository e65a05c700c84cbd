package local

import (
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	// sdkPrefix is put before labels and annotations that a server sets, so that
	// it cannot take the fleet's own.
	sdkPrefix     = "agones.dev/sdk-"
	maxMetaKeys   = 64
	maxMetaKey    = 253
	maxMetaValue  = 4 << 10
	maxReserve    = 24 * time.Hour
	listsPath     = "/v1beta1/lists/"
	resultPath    = "/result"
	maxResultBody = 256 << 10
)

var (
	errSeconds = &gatewayError{http.StatusBadRequest, codeInvalidArgument, "seconds must be 0 to 86400"}
	errMeta    = &gatewayError{http.StatusBadRequest, codeInvalidArgument, "key must be 1 to 253 bytes, value at most 4096"}
	errMetaMax = &gatewayError{http.StatusTooManyRequests, codeResourceExhausted, "too many labels or annotations"}
)

// ServeHTTP answers the SDK. Only this machine may call, and no web page on it:
// browsers send an Origin, and a name that was rebound to loopback as Host.
func (s *sidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" || !loopbackHost(r.Host) {
		writeError(w, errForeign)
		return
	}
	if !s.enter() {
		writeError(w, errClosed)
		return
	}
	defer s.inFlight.Done()
	if err := s.route(w, r); err != nil {
		writeError(w, err)
	}
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (s *sidecar) route(w http.ResponseWriter, r *http.Request) error {
	method, handle := s.handler(r.URL.Path)
	switch {
	case handle == nil:
		return errNotFound
	case method != r.Method:
		return errMethod
	}
	return handle(w, r)
}

type handler func(http.ResponseWriter, *http.Request) error

func (s *sidecar) handler(path string) (method string, h handler) {
	switch path {
	case "/ready":
		return http.MethodPost, s.simple(s.object.markReady)
	case "/health":
		return http.MethodPost, s.simple(s.object.healthy)
	case "/shutdown":
		return http.MethodPost, s.simple(func() { s.object.set(stateShutdown) })
	case "/allocate":
		return http.MethodPost, s.simple(func() { s.object.set(stateAllocated) })
	case "/reserve":
		return http.MethodPost, s.reserve
	case "/gameserver":
		return http.MethodGet, func(w http.ResponseWriter, _ *http.Request) error {
			writeJSON(w, http.StatusOK, s.object.view())
			return nil
		}
	case "/watch/gameserver":
		return http.MethodGet, s.watchGameServer
	case "/metadata/label":
		return http.MethodPut, s.metadata(func() map[string]string { return s.object.labels })
	case "/metadata/annotation":
		return http.MethodPut, s.metadata(func() map[string]string { return s.object.annotations })
	case resultPath:
		return http.MethodPost, s.postResult
	}
	if list, ok := strings.CutPrefix(path, listsPath); ok {
		return s.listHandler(list)
	}
	return "", nil
}

// simple is a call with an empty message and an empty answer.
func (s *sidecar) simple(act func()) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var empty struct{}
		if err := readObject(w, r, &empty); err != nil {
			return err
		}
		act()
		writeJSON(w, http.StatusOK, empty)
		return nil
	}
}

func (s *sidecar) reserve(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Seconds int64Text `json:"seconds"`
	}
	if err := readObject(w, r, &in); err != nil {
		return err
	}
	if in.Seconds < 0 || in.Seconds > int64Text(maxReserve/time.Second) {
		return errSeconds
	}
	s.object.reserve(time.Duration(in.Seconds) * time.Second)
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}

// metadata sets one label or annotation of the map that in returns.
func (s *sidecar) metadata(in func() map[string]string) handler {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		var kv struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		}
		if err := readObject(w, r, &kv); err != nil {
			return err
		}
		if kv.Key == "" || len(kv.Key) > maxMetaKey || len(kv.Value) > maxMetaValue {
			return errMeta
		}
		s.object.update(func() bool {
			set, key := in(), sdkPrefix+kv.Key
			old, there := set[key]
			if !there && len(set) >= maxMetaKeys {
				err = errMetaMax
				return false
			}
			set[key] = kv.Value
			return !there || old != kv.Value
		})
		if err == nil {
			writeJSON(w, http.StatusOK, struct{}{})
		}
		return err
	}
}

func (s *sidecar) listHandler(path string) (method string, h handler) {
	name, verb, _ := strings.Cut(path, ":")
	if name != listName {
		return "", nil
	}
	switch {
	case path == listName:
		return http.MethodGet, func(w http.ResponseWriter, _ *http.Request) error {
			view, err := s.object.listPlayers()
			return answerList(w, view, err)
		}
	case verb == "addValue":
		return http.MethodPost, s.changeList(s.object.addPlayer)
	case verb == "removeValue":
		return http.MethodPost, s.changeList(s.object.removePlayer)
	}
	return "", nil
}

func (s *sidecar) changeList(change func(value string) (listView, error)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Value string `json:"value"`
		}
		if err := readObject(w, r, &in); err != nil {
			return err
		}
		view, err := change(in.Value)
		return answerList(w, view, err)
	}
}

func answerList(w http.ResponseWriter, view listView, err error) error {
	if err == nil {
		writeJSON(w, http.StatusOK, view)
	}
	return err
}
