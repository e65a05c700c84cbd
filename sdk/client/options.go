package client

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// Options say how to connect. URL and Token are needed.
type Options struct {
	// URL is the server's address, http or https.
	URL string
	// Game is empty for the server's default game.
	Game string
	// Token is the access token.
	Token string
	// Level of the protocol, 1 or 2; 0 is 2.
	Level int

	// OnEvent gets every event in order, on the goroutine that reads the socket: it
	// must return soon, and may not wait for a reply or call Close. The first Connected
	// comes before Dial returns. When nil, events go to Conn.Events.
	OnEvent func(Event)
	// Buffer is how many events wait in Conn.Events, 256 when 0. When it is full the
	// oldest is dropped and counted (Conn.Dropped).
	Buffer int

	// Raw sees every frame first, on the goroutine that reads; the bytes are good
	// until it returns. True means that the frame needs no more attention: it is not
	// decoded, changes no state and answers no request.
	Raw func(frame []byte) bool
	// SkipLobbies leaves `lobby:updated` undecoded: no LobbyChanged comes of it, State
	// does not follow it, and Join returns no lobby. For loads.
	SkipLobbies bool

	// Reconnect makes a lost Conn come back. Nil: it ends.
	Reconnect *Backoff
	// KeepAlive is how long the server may be silent before it is pinged, 30 s when
	// 0; after as long again without a sign of it the socket counts as lost. Negative:
	// silence is never asked about.
	KeepAlive time.Duration
	// Dialer is the WebSocket dialer; nil is one with small buffers that all
	// connections share.
	Dialer *websocket.Dialer
	// Header is sent with the upgrade, for instance an Origin.
	Header http.Header
}

// Backoff is how long to wait between attempts: from Min, doubled up to Max, each
// time between the half and the whole of it at random. A server that said how long
// it needs (`server:draining`) is given that time first. 0 is 500 ms and 15 s.
type Backoff struct{ Min, Max time.Duration }

// wait returns the pause before an attempt, counted from 0. part is a random
// number in [0, 1).
func (b Backoff) wait(attempt int, part float64) time.Duration {
	if b.Min <= 0 {
		b.Min = 500 * time.Millisecond
	}
	if b.Max <= 0 {
		b.Max = 15 * time.Second
	}
	d := b.Max
	if attempt < 32 && b.Min<<attempt>>attempt == b.Min {
		d = min(b.Max, b.Min<<attempt)
	}
	return d/2 + time.Duration(part*float64(d/2))
}
