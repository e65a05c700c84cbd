package wire

import (
	"unicode/utf8"

	"github.com/muster-gg/muster/core/fault"
)

// What Decode answers with. An invalid_field names its field (fault.Error.About).
var (
	ErrInvalidMessage = fault.New(CodeInvalidMessage, TextInvalidMessage)
	ErrUnknownType    = fault.New(CodeUnknownType, TextUnknownType)
	errInvalidField   = fault.New(CodeInvalidField, "A field is out of range")
)

// Decode reads one client message. Called by transport from the goroutine that
// reads the socket; frame is not kept.
//
// The error is a *fault.Error: invalid_message (not JSON, not UTF-8, deeper than
// MaxDepth, no text as type, a bad id, a field of the wrong type), unknown_type,
// or invalid_field whose text names the field. Even then Request.ID is filled if
// it was read before the fault, so that the error can carry replyTo.
//
// As in JavaScript the last of several equal keys counts. Unknown fields are
// ignored, and so is a null where the protocol gives it no meaning.
func Decode(frame []byte) (Request, error) {
	f := fields{frame: frame}
	whole := f.scan()
	req := Request{ID: f.id()}
	if !whole || !utf8.Valid(frame) || f.err != nil || f.values[fieldType].kind != text {
		return req, ErrInvalidMessage
	}
	req.Type, req.Body = f.body()
	if req.Body == nil {
		return req, ErrUnknownType
	}
	if f.err != nil {
		req.Body = nil
		return req, f.err
	}
	return req, nil
}

// body builds the message of a known type; nil for an unknown one. What is wrong
// with a field is in f.err.
func (f *fields) body() (string, any) {
	v := f.values[fieldType]
	name := f.frame[v.start:v.end]
	if v.escaped {
		name = []byte(v.string(f.frame))
	}
	switch string(name) {
	case "ping":
		return "ping", &Ping{}
	case "lobby:create":
		return "lobby:create", &Create{
			IsPrivate:  f.flag(fieldIsPrivate),
			Name:       f.title(fieldName),
			MaxPlayers: f.integer(fieldMaxPlayers),
			Password:   f.short(fieldPassword, MaxPassword),
			Properties: f.properties(false),
		}
	case "lobby:join":
		return "lobby:join", &Join{
			Code:     f.short(fieldCode, maxName),
			LobbyID:  f.short(fieldLobbyID, maxName),
			Team:     f.short(fieldTeam, MaxTeamName),
			Password: f.short(fieldPassword, MaxPassword),
		}
	case "lobby:leave":
		return "lobby:leave", &Leave{}
	case "lobby:ready":
		return "lobby:ready", &Ready{Ready: f.ready()}
	case "lobby:start":
		return "lobby:start", &Start{Region: f.short(fieldRegion, MaxRegion)}
	case "lobby:cancel-start":
		return "lobby:cancel-start", &CancelStart{}
	case "lobby:fill-bots":
		return "lobby:fill-bots", &FillBots{PerTeam: f.integer(fieldPerTeam)}
	case "lobby:team":
		return "lobby:team", &Team{Team: f.needed(fieldTeam, MaxTeamName)}
	case "lobby:update":
		return "lobby:update", f.update()
	case "lobby:kick":
		return "lobby:kick", &Kick{AccountID: f.needed(fieldAccountID, maxName)}
	case "lobby:promote":
		return "lobby:promote", &Promote{AccountID: f.needed(fieldAccountID, maxName)}
	case "lobby:chat":
		return "lobby:chat", &Chat{Text: f.chat()}
	case "latency":
		return "latency", &Latency{Regions: f.latencies()}
	case "matchmaking:find":
		return "matchmaking:find", &MatchmakingFind{
			Queue:      f.short(fieldQueue, maxName),
			Properties: f.properties(false),
		}
	case "matchmaking:cancel":
		return "matchmaking:cancel", &MatchmakingCancel{}
	case "rpc":
		return "rpc", &Rpc{Name: f.rpcName(), Payload: f.json(fieldPayload, MaxPayload)}
	}
	return "", nil
}

func (f *fields) update() *Update {
	u := &Update{MaxPlayers: f.integer(fieldMaxPlayers), Properties: f.properties(true)}
	if f.has(fieldName) {
		name := f.title(fieldName)
		u.Name = &name
	}
	if f.has(fieldIsPrivate) {
		private := f.flag(fieldIsPrivate)
		u.IsPrivate = &private
	}
	if f.values[fieldPassword].kind != absent { // null clears, and short reads it as ""
		password := f.short(fieldPassword, MaxPassword)
		u.Password = &password
	}
	return u
}
