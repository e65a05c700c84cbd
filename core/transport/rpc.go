package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/wire"
	"github.com/muster-gg/muster/sdk/hook"
)

// Rpc answers the calls that a game's clients make up; the runner of its hooks is
// it. Errors are *fault.Error: not_found for a name that nobody serves,
// refused_by_hook, hook_failed, hook_timeout, hook_unavailable. Called from the
// goroutines of requests and of sockets.
type Rpc interface {
	Rpc(ctx context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error)
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
	if body = bytes.TrimSpace(body); len(body) > 0 && (!utf8.Valid(body) || tooDeep(body) || !json.Valid(body)) {
		return errInvalidRequest
	}
	a, err := m.game.account(r.Context(), who)
	if err != nil {
		return err
	}
	answer, err := m.game.call(r.Context(), m.rest, body, a, len(s.registry.Of(m.game.Name, a.ID)) > 0)
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, answer)
	return nil
}

// rpc is the socket's message of that name.
func (k *socket) rpc(ctx context.Context, replyTo string, b *wire.Rpc) error {
	a, err := k.game.account(ctx, identity.Claims{AccountID: k.Account()})
	if err != nil {
		return err
	}
	answer, err := k.game.call(ctx, b.Name, b.Payload, a, true)
	if err != nil {
		return err
	}
	k.say(wire.RpcAnswer{Name: b.Name, Payload: answer, ReplyTo: replyTo})
	return nil
}

// call lets the game's rules answer a call of an account. An empty payload is an
// absent one.
func (g *game) call(ctx context.Context, name string, payload []byte, a store.Account, connected bool) ([]byte, error) {
	if g.Rpc == nil {
		return nil, errUnknownRpc
	}
	request := &hook.RpcRequest{Game: g.Name, Name: name, Player: &hook.Player{AccountId: a.ID, Username: a.Username, Connected: connected}}
	for _, i := range a.Identities {
		request.Player.Identities = append(request.Player.Identities,
			&hook.LinkedIdentity{Provider: i.Provider, Subject: i.Subject, Username: i.Username})
	}
	if len(payload) > 0 {
		var err error
		if request.Payload, err = hook.ValueFromJSON(payload); err != nil {
			return nil, errInvalidRequest.With(err)
		}
	}
	response, err := g.Rpc.Rpc(ctx, request)
	if err != nil {
		return nil, ofRpc(err)
	}
	answer, err := hook.ValueToJSON(response.GetPayload())
	if err != nil {
		return nil, fault.From(err)
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
