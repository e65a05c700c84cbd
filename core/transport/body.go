package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/muster-gg/muster/core/wire"
)

const (
	maxBody   = 64 << 10
	maxResult = 256 << 10
	// maxExcess is how much of a body that is too large is thrown away, so that a
	// client that is still sending reads the answer.
	maxExcess = 1 << 20
	// bodyTimeout bounds how long a body may take to arrive.
	bodyTimeout = 20 * time.Second
)

// readBody reads a request's body of at most limit bytes. too_large, invalid_request.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	// Where the connection has no deadlines (tests with recorders), size alone bounds it.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	if r.ContentLength > limit {
		_, _ = io.CopyN(io.Discard, r.Body, maxExcess)
		return nil, errTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, errInvalidRequest.With(err)
	}
	if int64(len(body)) > limit {
		_, _ = io.CopyN(io.Discard, r.Body, maxExcess)
		return nil, errTooLarge
	}
	return body, nil
}

// readObject reads a JSON object. Where every field is optional, an empty body is {}.
func readObject(w http.ResponseWriter, r *http.Request, optional bool) (map[string]any, error) {
	body, err := readBody(w, r, maxBody)
	if err != nil {
		return nil, err
	}
	if optional && len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	return parseObject(body)
}

// parseObject decodes one JSON object of at most wire.MaxDepth levels. invalid_request.
func parseObject(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) || tooDeep(body) {
		return nil, errInvalidRequest
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, errInvalidRequest // the error could quote a secret
	}
	if fields == nil { // null
		return nil, errInvalidRequest
	}
	return fields, nil
}

// tooDeep reports whether brackets are nested deeper than wire.MaxDepth. It need
// not understand anything else of JSON: what is malformed is found later.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > wire.MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
