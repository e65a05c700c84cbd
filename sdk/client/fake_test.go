package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a server whose end of every socket is played by the test.
type fake struct {
	*httptest.Server
	peers chan *peer
	// refuse, when set, answers upgrades.
	refuse atomic.Pointer[http.HandlerFunc]
	// silent servers do not answer pings.
	silent bool
}

// peer is the server's end of one socket.
type peer struct {
	t     *testing.T
	mu    sync.Mutex // guards writing
	ws    *websocket.Conn
	req   *http.Request
	in    chan map[string]any
	pings chan struct{}
}

func newFake(t *testing.T, changes ...func(*fake)) *fake {
	f := &fake{peers: make(chan *peer, 16)}
	for _, change := range changes {
		change(f)
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse := f.refuse.Load(); refuse != nil {
			(*refuse)(w, r)
			return
		}
		ws, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		p := &peer{t: t, ws: ws, req: r, in: make(chan map[string]any, 1024), pings: make(chan struct{}, 64)}
		answer := ws.PingHandler()
		ws.SetPingHandler(func(data string) error {
			p.pings <- struct{}{}
			if f.silent {
				return nil
			}
			return answer(data)
		})
		f.peers <- p
		defer close(p.in)
		defer ws.Close()
		for {
			var m map[string]any
			if ws.ReadJSON(&m) != nil {
				return
			}
			p.in <- m
		}
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) refuseWith(h http.HandlerFunc) { f.refuse.Store(&h) }

func (p *peer) send(text string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Error(err)
	}
}

func (p *peer) hello() *peer {
	p.send(`{"type":"connected","accountId":"a-1","username":"Ada"}`)
	return p
}

// close ends the socket with a code; 0 cuts it.
func (p *peer) close(code int) {
	if code != 0 {
		p.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	}
	p.ws.Close()
}

// next is the next message of that type, with its id.
func (p *peer) next(kind string) (m map[string]any, id string) {
	p.t.Helper()
	select {
	case m = <-p.in:
	case <-p.t.Context().Done():
	}
	if m["type"] != kind {
		p.t.Fatalf("got %v, want %s", m, kind)
	}
	id, _ = m["id"].(string)
	return m, id
}

// dial connects and returns both ends.
func (f *fake) dial(t *testing.T, changes ...func(*Options)) (*Conn, *peer) {
	t.Helper()
	o := Options{URL: f.URL, Token: "secret"}
	for _, change := range changes {
		change(&o)
	}
	ends := make(chan *peer, 1)
	go func() { ends <- (<-f.peers).hello() }()
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, <-ends
}

// event waits for the next event, which must be of type T.
func event[T Event](t *testing.T, c *Conn) T {
	t.Helper()
	select {
	case e := <-c.Events():
		if want, ok := e.(T); ok {
			return want
		}
		text, _ := json.Marshal(e)
		t.Fatalf("got %T %s", e, text)
	case <-t.Context().Done():
		t.Fatal("no event")
	}
	panic("unreachable")
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
