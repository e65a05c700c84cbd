package transport

import (
	"bytes"
	"context"
	"net/http"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/wire"
	"github.com/muster-gg/muster/sdk/hook"
)

// Rpc answers the calls that a game's clients make up; the runner of its hooks is
// it. Errors are *fault.Error: not_found for a name that nobody serves,
// refused_by_hook, hook_failed, hook_timeout, hook_unavailable. Called from the
// goroutines of requests and of sockets.
type Rpc interface {
	// RpcJSON returns the payload of the answer as JSON.
	RpcJSON(ctx context.Context, r *hook.RpcRequest) ([]byte, error)
}

var errUnknownRpc = fault.New(wire.CodeNotFound, wire.TextUnknownRpc)

// postRpc is POST /rpc/{name}.
func (s *Server) postRpc(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	if err := s.limits.call(player{m.game.Name, who.AccountID}); err != nil {
		return err
	}
	if !wire.IsRpcName(m.rest) {
		return errUnknownRpc
	}
	body, err := readBody(w, r, wire.MaxPayload)
	if err != nil {
		return err
	}
	if body = bytes.TrimSpace(body); !utf8.Valid(body) {
		return errInvalidRequest
	}
	payload, err := payloadOf(body)
	if err != nil {
		return err
	}
	a, err := m.game.caller(r.Context(), who.AccountID)
	if err != nil {
		return err
	}
	answer, err := m.game.call(r.Context(), m.rest, payload, a, len(s.registry.Of(m.game.Name, a.ID)) > 0)
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, answer)
	return nil
}

// rpc is the socket's message of that name.
func (k *socket) rpc(ctx context.Context, replyTo string, b *wire.Rpc) error {
	a, err := k.game.caller(ctx, k.Account())
	if err != nil {
		return err
	}
	payload, err := payloadOf(b.Payload)
	if err != nil {
		return err
	}
	answer, err := k.game.call(ctx, b.Name, payload, a, true)
	if err != nil {
		return err
	}
	k.say(wire.RpcAnswer{Name: b.Name, Payload: answer, ReplyTo: replyTo})
	return nil
}

// payloadOf reads the JSON of a payload, which must be UTF-8. An empty one is an absent
// one.
func payloadOf(text []byte) (*structpb.Value, error) {
	if len(text) == 0 {
		return nil, nil
	}
	payload, err := hook.ValueFromJSON(text)
	if err != nil {
		return nil, errInvalidRequest // the error could quote a secret
	}
	return payload, nil
}

// call lets the game's rules answer a call of an account, in JSON.
func (g *game) call(ctx context.Context, name string, payload *structpb.Value, a store.Account, connected bool) ([]byte, error) {
	if g.Rpc == nil {
		return nil, errUnknownRpc
	}
	request := &hook.RpcRequest{
		Game: g.Name, Name: name, Payload: payload,
		Player: &hook.Player{AccountId: a.ID, Username: a.Username, Connected: connected},
	}
	for _, i := range a.Identities {
		request.Player.Identities = append(request.Player.Identities,
			&hook.LinkedIdentity{Provider: i.Provider, Subject: i.Subject, Username: i.Username})
	}
	answer, err := g.Rpc.RpcJSON(ctx, request)
	if err != nil {
		return nil, ofRpc(err)
	}
	return answer, nil
}

// ofRpc is the error of a call as its caller is told: one that the rules call
// malformed is invalid_field.
func ofRpc(err error) error {
	f := fault.From(err)
	if f.Code == wire.CodeNotFound {
		return errUnknownRpc.With(err)
	}
	if refusal, is := hook.AsRefusal(err); is && refusal.GetInvalid() {
		return errInvalidField.About("%s", f.Text).With(err)
	}
	return f
}
