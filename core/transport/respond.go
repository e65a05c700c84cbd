package transport

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/wire"
)

// Answers of REST that no other room gives.
var (
	errNotFound       = fault.New(wire.CodeNotFound, wire.TextNotFound)
	errUnauthorized   = fault.New(wire.CodeUnauthorized, wire.TextUnauthorized)
	errInvalidToken   = fault.New(wire.CodeInvalidToken, wire.TextInvalidToken)
	errTokenRequired  = fault.New(wire.CodeTokenRequired, wire.TextTokenRequired)
	errInvalidRequest = fault.New(wire.CodeInvalidRequest, wire.TextInvalidRequest)
	errInvalidField   = fault.New(wire.CodeInvalidField, "A field is out of range")
	errTooLarge       = fault.New(wire.CodeTooLarge, "Request body too large")
	errOrigin         = fault.New("origin_not_allowed", "Origin not allowed")
	errUpgrade        = fault.New("upgrade_required", "WebSocket upgrade required")
)

// status is the HTTP status of a code: wire's, and those of this package.
func status(code string) int {
	switch code {
	case errOrigin.Code:
		return http.StatusForbidden
	case errUpgrade.Code:
		return http.StatusUpgradeRequired
	}
	return wire.Status(code)
}

// newRequestID names a request in its answer and in the log.
func newRequestID() string { return rand.Text()[:16] }

// requestIDHeader carries the request's id.
const requestIDHeader = "X-Request-Id"

// errorBody is the body of every REST error.
type errorBody struct {
	Error     string `json:"error"`
	Code      string `json:"code"`
	RequestID string `json:"requestId"`
}

// writeError answers with an error; what is not the client's own fault is logged.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	code := status(f.Code)
	id := w.Header().Get(requestIDHeader)
	s.writeLog(w, r, f)
	if f.RetryAfter > 0 || code == http.StatusTooManyRequests {
		seconds := max(1, int64((f.RetryAfter+time.Second-1)/time.Second))
		w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if code == http.StatusUpgradeRequired {
		w.Header().Set("Upgrade", "websocket")
	}
	body, _ := json.Marshal(errorBody{Error: f.Text, Code: f.Code, RequestID: id}) // strings always encode
	writeBody(w, code, body)
}

// writeLog notes an error that is not the client's own fault.
func (s *Server) writeLog(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	if status(f.Code) < http.StatusInternalServerError || errors.Is(err, context.Canceled) {
		return
	}
	// The path alone: a query may hold a token.
	s.log.Warn("request failed", zap.String("requestId", w.Header().Get(requestIDHeader)), zap.String("method", r.Method),
		zap.String("path", clip(r.URL.Path, 256)), zap.String("code", f.Code), zap.Error(f))
}

// clip bounds what a client's text may add to the log.
func clip(s string, limit int) string {
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
