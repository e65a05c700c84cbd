package transport

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-gg/muster/core/wire"
	"github.com/muster-gg/muster/sdk/hook"
)

// maxNotice is the size of a notice's payload, in bytes of JSON.
const maxNotice = 16 << 10

// Events is told of a game's sockets, after the fact; it must not wait. Called from
// the goroutines of the sockets, for each socket in order.
type Events interface {
	// SessionOpened: a socket is open and its player was greeted.
	SessionOpened(accountID, username string)
	// SessionClosed follows once. code is the close code, 1005 when the client closed
	// without one, 1006 when the connection broke.
	SessionClosed(accountID, username string, code int)
}

// Notify sends `notify` to the sockets that an account has on this node; who has
// none misses it. payload is JSON, nil for null. hook.ErrInvalidNotice.
func (s *Server) Notify(game, accountID, kind string, payload json.RawMessage) error {
	switch {
	case accountID == "", kind == "", !utf8.ValidString(kind), utf8.RuneCountInString(kind) > 64, strings.ContainsFunc(kind, unicode.IsControl):
		return hook.ErrInvalidNotice
	case len(payload) > maxNotice, len(payload) > 0 && (!utf8.Valid(payload) || tooDeep(payload) || !json.Valid(payload)):
		return hook.ErrInvalidNotice
	}
	f := frame(wire.Notify{Kind: kind, Payload: payload, At: time.Now().UnixMilli()}, wire.Level1) // equal at both levels
	for _, k := range s.registry.Of(game, accountID) {
		if k.Greeted() {
			k.Send(f)
		}
	}
	return nil
}
