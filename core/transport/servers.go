package transport

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/served"
	"github.com/muster-gg/muster/core/fault"
)

const (
	// maxServerCall bounds the body of an allocation call, maxPayload the launch
	// payload in it.
	maxServerCall = 1 << 20
	maxPayload    = 256 << 10
	// maxServerWait is the longest that a caller may ask for.
	maxServerWait = time.Hour
	maxCallKey    = 255
	maxRegion     = 64
)

// matchServers finds the calls that GameFlow serves to backends. Everything below
// /v1 is answered in its manner, errors too.
func (s *Server) matchServers(rest string) matched {
	for _, call := range []struct {
		prefix, suffix, route string
		answer                func(allocation.Server) any
	}{
		{"games/", "/servers", "/v1/games/{gameId}/servers", startAnswer},
		{"fleets/", "/allocate", "/v1/fleets/{gameId}/allocate", fleetAnswer},
	} {
		name, ours := strings.CutPrefix(rest, call.prefix)
		name, whole := strings.CutSuffix(name, call.suffix)
		if !ours || !whole {
			continue
		}
		if g := s.games[name]; g != nil && g.Servers != nil {
			return matched{route: call.route, game: g, handler: func(w http.ResponseWriter, r *http.Request, m matched) error {
				s.postServer(w, r, m.game, call.answer)
				return nil
			}}
		}
	}
	return matched{route: "/v1/", handler: func(w http.ResponseWriter, _ *http.Request, _ matched) error {
		gatewayNotFound.write(w)
		return nil
	}}
}

// postServer makes a server for another backend.
func (s *Server) postServer(w http.ResponseWriter, r *http.Request, g *game, answer func(allocation.Server) any) {
	call, refused := s.readServerCall(w, r, g)
	if refused != nil {
		refused.write(w)
		return
	}
	// A server may take longer than any other answer. The end of the body's time
	// would end the request's context.
	conn := http.NewResponseController(w)
	_, _ = conn.SetReadDeadline(time.Time{}), conn.SetWriteDeadline(time.Time{})
	err := g.Servers.Make(r.Context(), call, func(made allocation.Server, failed error) error {
		_ = conn.SetWriteDeadline(time.Now().Add(answerTimeout))
		if failed != nil {
			gatewayErrorOf(failed).write(w)
		} else {
			writeJSON(w, http.StatusOK, answer(made))
		}
		return conn.Flush() // the error of what was written
	})
	if err != nil {
		panic(http.ErrAbortHandler) // nobody is there; an empty answer would be a lie
	}
}

// readServerCall lets a caller in and reads what he asks for. Wrong keys are
// limited as sign-ins are.
func (s *Server) readServerCall(w http.ResponseWriter, r *http.Request, g *game) (c served.Call, no *gatewayError) {
	if r.Method != http.MethodPost {
		return c, &gatewayError{status: http.StatusMethodNotAllowed, code: 12, message: "the method is POST"}
	}
	right, err := s.limits.key(network(s.proxies.client(r.RemoteAddr, r.Header)))
	if err != nil {
		return c, &gatewayError{http.StatusTooManyRequests, 8, "too many wrong keys", fault.From(err).RetryAfter}
	}
	keys := r.Header.Values("X-Api-Key")
	if len(keys) != 1 || !g.Servers.Knows(keys[0]) {
		return c, &gatewayError{status: http.StatusUnauthorized, code: 16, message: "X-Api-Key is missing or wrong"}
	}
	right()
	if s.isDraining() {
		return c, gatewayErrorOf(served.ErrClosed)
	}
	body, err := readBody(w, r, maxServerCall)
	var in struct {
		Region         string      `json:"region"`
		Payload        string      `json:"payload"`
		TimeoutSeconds wholeNumber `json:"timeoutSeconds"`
		ProtoTimeout   wholeNumber `json:"timeout_seconds"`
	}
	switch {
	case errors.Is(err, errTooLarge):
		return c, &gatewayError{status: http.StatusRequestEntityTooLarge, code: 3, message: "the body is too large"}
	case err != nil, len(body) > 0 && json.Unmarshal(body, &in) != nil:
		return c, invalidCall("the body is not JSON of the known shape")
	case len(in.Payload) > maxPayload:
		return c, invalidCall("payload is too long")
	case len(in.Region) > maxRegion || !printable(in.Region):
		return c, invalidCall("region is not one word")
	case in.TimeoutSeconds < 0 || in.ProtoTimeout < 0:
		return c, invalidCall("timeoutSeconds is negative")
	}
	named := r.Header.Get("Idempotency-Key")
	if len(named) > maxCallKey || !printable(named) {
		return c, invalidCall("Idempotency-Key is not one word of at most 255 characters")
	}
	seconds := min(int64(max(in.TimeoutSeconds, in.ProtoTimeout)), int64(maxServerWait/time.Second))
	return served.Call{
		APIKey: keys[0], IdempotencyKey: named, Region: in.Region, Payload: in.Payload, Timeout: time.Duration(seconds) * time.Second,
	}, nil
}

// printable reports whether a text is ASCII without spaces.
func printable(t string) bool {
	return !strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r > '~' })
}

// wholeNumber reads a number that may come as a string, as gateways write them.
type wholeNumber int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *wholeNumber) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*n = wholeNumber(v)
	return err
}

type serverAnswer struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Port    int    `json:"port"`
}

func fleetAnswer(m allocation.Server) any { return serverAnswer{m.Name, m.Address, m.Port} }

func startAnswer(m allocation.Server) any {
	return map[string]serverAnswer{"server": {m.Name, m.Address, m.Port}}
}

// gatewayError is an error as GameFlow's gateway writes it.
type gatewayError struct {
	status, code int
	message      string
	retryAfter   time.Duration
}

var gatewayNotFound = gatewayError{status: http.StatusNotFound, code: 5, message: "no such game or call"}

func invalidCall(message string) *gatewayError {
	return &gatewayError{status: http.StatusBadRequest, code: 3, message: message}
}

// gatewayErrorOf says what came of a call. Callers take 4xx, 503 and 504 to mean
// that surely no server was made, and everything else that there may be one.
func gatewayErrorOf(err error) *gatewayError {
	const full = 5 * time.Second
	switch {
	case errors.Is(err, served.ErrReused):
		return &gatewayError{status: http.StatusConflict, code: 10, message: "Idempotency-Key was used for another call"}
	case errors.Is(err, served.ErrBusy):
		return &gatewayError{http.StatusTooManyRequests, 8, "too many calls are under way", time.Second}
	case errors.Is(err, served.ErrClosed):
		return &gatewayError{http.StatusServiceUnavailable, 14, "the server is about to end", reconnectAfter}
	case !errors.Is(err, allocation.ErrFailed):
		return &gatewayError{status: http.StatusInternalServerError, code: 13, message: "it is not known whether a server was made"}
	case errors.Is(err, allocation.ErrFull):
		return &gatewayError{http.StatusServiceUnavailable, 14, "there is no room for another server", full}
	case errors.Is(err, context.DeadlineExceeded):
		return &gatewayError{status: http.StatusGatewayTimeout, code: 4, message: "no server was ready in time"}
	}
	return &gatewayError{status: http.StatusServiceUnavailable, code: 14, message: "no server could be made"}
}

func (e gatewayError) write(w http.ResponseWriter) {
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((e.retryAfter+time.Second-1)/time.Second), 10))
	}
	writeJSON(w, e.status, map[string]any{"code": e.code, "message": e.message, "details": []any{}})
}
