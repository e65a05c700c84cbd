package gameflowtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
)

const maxRequest = 1 << 20

// refusal is the answer to a request that is not of the documented shape.
type refusal struct {
	status, code int
	problem      string
}

func (p *Platform) check(r *http.Request) (c Call, no *refusal) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.URL.Path != "/v1/games/"+p.opts.GameID+"/servers":
		return c, &refusal{http.StatusNotFound, 5, fmt.Sprintf("no such path: %s", r.URL.Path)}
	case r.Method != http.MethodPost:
		return c, &refusal{http.StatusNotImplemented, 12, "method is " + r.Method}
	case len(r.Header.Values("X-Api-Key")) != 1 || r.Header.Get("X-Api-Key") != p.opts.APIKey:
		return c, &refusal{http.StatusUnauthorized, 16, "X-Api-Key is missing or wrong"}
	case media != "application/json":
		return c, &refusal{http.StatusUnsupportedMediaType, 3, "Content-Type is " + media}
	case r.URL.RawQuery != "":
		return c, &refusal{http.StatusBadRequest, 3, "there is a query"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil || len(body) > maxRequest {
		return c, &refusal{http.StatusBadRequest, 3, "the body cannot be read or is too large"}
	}
	var in struct {
		Region         *string `json:"region"`
		Payload        *string `json:"payload"`
		TimeoutSeconds *int    `json:"timeoutSeconds"`
	}
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&in); err != nil || strict.More() {
		return c, &refusal{http.StatusBadRequest, 3, fmt.Sprintf("the body is not of the known shape: %v", err)}
	}
	if in.Region == nil || in.Payload == nil || in.TimeoutSeconds == nil || *in.TimeoutSeconds < 1 {
		return c, &refusal{http.StatusBadRequest, 3, "region, payload or timeoutSeconds is missing or out of range"}
	}
	var payload struct {
		MatchID string `json:"matchId"`
	}
	_ = json.Unmarshal([]byte(*in.Payload), &payload) // the payload is the game's own affair
	return Call{Region: *in.Region, Payload: *in.Payload, MatchID: payload.MatchID, TimeoutSeconds: *in.TimeoutSeconds}, nil
}
