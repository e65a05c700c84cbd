package client

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// keepAlive pings a silent server and cuts the socket when no sign of it comes.
type keepAlive struct {
	ws    *websocket.Conn
	every time.Duration
	timer *time.Timer
	quiet atomic.Bool // nothing was heard since the last look
	asked atomic.Bool // a ping is unanswered
	over  atomic.Bool
}

// newKeepAlive starts; every <= 0 does nothing.
func newKeepAlive(ws *websocket.Conn, every time.Duration) *keepAlive {
	k := &keepAlive{ws: ws, every: every}
	if every <= 0 {
		return k
	}
	ws.SetPongHandler(func(string) error { k.heard(); return nil })
	answer := ws.PingHandler()
	ws.SetPingHandler(func(data string) error { k.heard(); return answer(data) })
	k.timer = time.AfterFunc(math.MaxInt64, k.look) // look uses the field
	k.timer.Reset(every)
	return k
}

// heard notes a sign of the server. On the goroutine that reads.
func (k *keepAlive) heard() {
	k.quiet.Store(false)
	k.asked.Store(false)
}

func (k *keepAlive) look() {
	switch {
	case k.over.Load():
		return
	case k.asked.Load():
		k.ws.NetConn().Close() // the reader ends with it
		return
	case k.quiet.Swap(true):
		k.asked.Store(true)
		k.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(k.every))
	}
	k.timer.Reset(k.every)
}

// stop ends the timer. A look under way does no harm to a socket that is closed.
func (k *keepAlive) stop() {
	k.over.Store(true)
	if k.timer != nil {
		k.timer.Stop()
	}
}
