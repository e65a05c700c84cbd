package gameflowtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const maxRequest = 1 << 20

// Codes of gRPC, as a gateway writes them into errors.
const (
	codeUnknown         = 2
	codeInvalid         = 3
	codeDeadline        = 4
	codeNotFound        = 5
	codeUnimplemented   = 12
	codeUnavailable     = 14
	codeUnauthenticated = 16
)

// refusal is the answer to a request that is not of the documented shape.
type refusal struct {
	status, code int
	problem      string
}

func invalid(problem string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, codeInvalid, fmt.Sprintf(problem, args...)}
}

// admit checks what all calls have in common: the method and the key.
func (p *Platform) admit(r *http.Request, method string) *refusal {
	switch {
	case r.Method != method:
		return &refusal{http.StatusNotImplemented, codeUnimplemented, "method is " + r.Method}
	case len(r.Header.Values("X-Api-Key")) != 1 || r.Header.Get("X-Api-Key") != p.opts.APIKey:
		return &refusal{http.StatusUnauthorized, codeUnauthenticated, "X-Api-Key is missing or wrong"}
	}
	return nil
}

// readJSON reads a body into a struct that knows all its fields.
func readJSON(r *http.Request, into any) *refusal {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, codeInvalid, "Content-Type is " + media}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil || len(body) > maxRequest {
		return invalid("the body cannot be read or is too large")
	}
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(into); err != nil || strict.More() {
		return invalid("the body is not of the known shape: %v", err)
	}
	return nil
}

// number reads a number that may come as a string, as gateways take them.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err != nil {
		return errors.New("not a whole number")
	}
	*n = number(v)
	return nil
}

// checkStart reads a start call. timeoutSeconds is for new servers alone.
func (p *Platform) checkStart(r *http.Request, fleet bool) (c Call, no *refusal) {
	if no := p.admit(r, http.MethodPost); no != nil {
		return c, no
	}
	if r.URL.RawQuery != "" {
		return c, invalid("there is a query")
	}
	var in struct {
		Region         string  `json:"region"`
		Payload        string  `json:"payload"`
		TimeoutSeconds *number `json:"timeoutSeconds"`
		ProtoTimeout   *number `json:"timeout_seconds"`
	}
	if no := readJSON(r, &in); no != nil {
		return c, no
	}
	if in.TimeoutSeconds == nil {
		in.TimeoutSeconds = in.ProtoTimeout
	}
	switch {
	case in.Region == "":
		return c, invalid("region is missing")
	case fleet && in.TimeoutSeconds != nil:
		return c, invalid("a fleet's call has no timeoutSeconds")
	case in.TimeoutSeconds == nil:
		in.TimeoutSeconds = new(number)
	case *in.TimeoutSeconds < 0 || *in.TimeoutSeconds > 24*60*60:
		return c, invalid("timeoutSeconds is out of range")
	}
	var payload struct {
		MatchID string `json:"matchId"`
	}
	_ = json.Unmarshal([]byte(in.Payload), &payload) // the payload is the game's own affair
	return Call{Fleet: fleet, Region: in.Region, Payload: in.Payload, MatchID: payload.MatchID, TimeoutSeconds: int(*in.TimeoutSeconds)}, nil
}

func writeGatewayError(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "details": []any{}})
}
