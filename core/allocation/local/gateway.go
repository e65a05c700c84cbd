package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// gRPC's status codes, as a gateway puts them into its errors.
const (
	codeInvalidArgument   = 3
	codeNotFound          = 5
	codeAlreadyExists     = 6
	codePermissionDenied  = 7
	codeResourceExhausted = 8
	codeOutOfRange        = 11
	codeUnimplemented     = 12
	codeUnavailable       = 14
)

// maxBody bounds every request but a result.
const maxBody = 64 << 10

// gatewayError is an error in a grpc-gateway's shape.
type gatewayError struct {
	status  int
	code    int
	message string
}

func (e *gatewayError) Error() string { return e.message }

var (
	errNotFound = &gatewayError{http.StatusNotFound, codeNotFound, "Not Found"}
	errMethod   = &gatewayError{http.StatusNotImplemented, codeUnimplemented, "Method Not Allowed"}
	errBodySize = &gatewayError{http.StatusRequestEntityTooLarge, codeResourceExhausted, "request body is too large"}
	errBody     = &gatewayError{http.StatusBadRequest, codeInvalidArgument, "request body is not a JSON object of the expected shape"}
	errForeign  = &gatewayError{http.StatusForbidden, codePermissionDenied, "only the game server on this machine may call"}
	errClosed   = &gatewayError{http.StatusServiceUnavailable, codeUnavailable, "the server is ending"}
)

func writeError(w http.ResponseWriter, err error) {
	var e *gatewayError
	if !errors.As(err, &e) {
		e = errBody
	}
	writeJSON(w, e.status, struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Details []any  `json:"details"`
	}{e.code, e.message, []any{}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"code":13,"message":"internal","details":[]}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// readBody reads a request's body up to limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return nil, errBodySize
	case err != nil:
		return nil, errBody
	}
	return body, nil
}

// readObject decodes a request's body, which may be empty, into v.
func readObject(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r, maxBody)
	if err != nil {
		return err
	}
	return decodeObject(body, v)
}

// decodeObject reads one JSON object; unknown fields are passed over, as a
// gateway does.
func decodeObject(body []byte, v any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	if body[0] != '{' || json.Unmarshal(body, v) != nil {
		return errBody
	}
	return nil
}

// int64Text is a 64-bit number that may come as a string.
type int64Text int64

func (n *int64Text) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*n = int64Text(v)
	return err
}
