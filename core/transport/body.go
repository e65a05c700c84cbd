package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/muster-gg/muster/core/wire"
)

const (
	maxBody   = 64 << 10
	maxResult = 256 << 10
)

// readBody reads a request's body of at most limit bytes. too_large, invalid_request.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, errInvalidRequest.With(err)
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
