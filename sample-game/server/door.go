package main

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/sdk/gameserver"
)

// maxSockets bounds the sockets at a time, players and strangers.
const maxSockets = 128

// tickets says whom a ticket is for.
type tickets interface {
	CheckTicket(token string) (gameserver.Player, error)
}

var _ tickets = (*gameserver.Server)(nil)

// door takes sockets and lets players with a ticket in.
type door struct {
	tickets tickets
	wait    time.Duration // for the first frame
	log     *slog.Logger
	upgrade websocket.Upgrader
	http    *http.Server

	opened chan struct{} // closed when match is set
	match  *match

	mu      sync.Mutex
	closed  bool
	clients map[*client]struct{}
	running sync.WaitGroup
}

func newDoor(t tickets, wait time.Duration, log *slog.Logger) *door {
	d := &door{
		tickets: t, wait: wait, log: log, opened: make(chan struct{}), clients: map[*client]struct{}{},
		// The ticket says who somebody is, so pages of any origin may connect.
		upgrade: websocket.Upgrader{
			HandshakeTimeout: writeWait, ReadBufferSize: maxFrame, WriteBufferSize: 4 << 10,
			CheckOrigin: func(*http.Request) bool { return true },
		},
	}
	d.http = &http.Server{
		Handler: d, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return d
}

// serve answers on l until close.
func (d *door) serve(l net.Listener) {
	d.running.Go(func() { _ = d.http.Serve(newBounded(l, 2*maxSockets)) })
}

// open lets players into a match; those who came before it have waited.
func (d *door) open(m *match) {
	d.match = m
	close(d.opened)
}

// close ends every socket after last, which may be nil, and waits for all of them.
func (d *door) close(last []byte) {
	d.mu.Lock()
	d.closed = true
	for c := range d.clients {
		c.close(last, true)
	}
	d.mu.Unlock()
	_ = d.http.Close()
	d.running.Wait()
}

// enter counts a socket; it is false when there are too many or the door is closed.
func (d *door) enter(c *client) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.clients) >= maxSockets {
		return false
	}
	d.clients[c] = struct{}{}
	d.running.Add(1)
	return true
}

func (d *door) exit(c *client) {
	d.mu.Lock()
	delete(d.clients, c)
	d.mu.Unlock()
	d.running.Done()
}

// ServeHTTP takes a socket and stays with it as its reader.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	c := newClient(nil)
	if !d.enter(c) {
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	defer d.exit(c)
	conn, err := d.upgrade.Upgrade(w, r, nil)
	if err != nil {
		return // it is answered
	}
	c.conn = conn
	var writer sync.WaitGroup
	writer.Go(c.write)
	d.read(c)
	c.close(nil, false)
	close(c.read)
	writer.Wait()
}

// read reads a socket to its end.
func (d *door) read(c *client) {
	c.conn.SetReadLimit(maxFrame)
	m, i, ok := d.admit(c)
	if !ok {
		drain(c)
		return
	}
	if !m.do(func() { m.join(c, i) }) {
		c.fail(codeEnded, "The match is over")
		drain(c)
		return
	}
	defer m.do(func() { m.leave(c, i) })
	c.conn.SetPongHandler(func(string) error { return c.conn.SetReadDeadline(time.Now().Add(silentFor)) })
	rate := newBucket(time.Now())
	for {
		if c.conn.SetReadDeadline(time.Now().Add(silentFor)) != nil {
			return
		}
		_, frame, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		if !rate.take(time.Now()) {
			c.fail(codeFast, "Too many messages")
			drain(c)
			return
		}
		msg, err := decode(frame)
		if err != nil {
			continue // it counts for the rate; nothing else comes of it
		}
		switch msg.T {
		case typeInput:
			m.do(func() { m.input(c, i, msg) })
		case typePing:
			c.offer(encodePong(msg.At))
		}
	}
}

// admit reads the ticket, waits for the match if it is not there yet, and finds
// the player's seat.
func (d *door) admit(c *client) (*match, int, bool) {
	deadline := time.Now().Add(d.wait)
	if c.conn.SetReadDeadline(deadline) != nil {
		return nil, 0, false
	}
	_, frame, err := c.conn.ReadMessage()
	if err != nil {
		c.fail(codeTicket, "Join with your ticket first")
		return nil, 0, false
	}
	msg, err := decode(frame)
	if err != nil || msg.T != typeJoin {
		c.fail(codeTicket, "Join with your ticket first")
		return nil, 0, false
	}
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	select {
	case <-d.opened:
	case <-c.quit:
		return nil, 0, false
	case <-patience.C:
		c.fail(codeTicket, "There is no match here yet")
		return nil, 0, false
	}
	player, err := d.tickets.CheckTicket(msg.Ticket)
	if err != nil {
		d.log.Warn("ticket refused", "error", err)
		c.fail(codeTicket, "This ticket is not valid here")
		return nil, 0, false
	}
	i, ok := d.match.roster.human(player.AccountID)
	if !ok {
		d.log.Warn("ticket refused", "error", "not of this match", "account", player.AccountID)
		c.fail(codeTicket, "This ticket is not valid here")
		return nil, 0, false
	}
	return d.match, i, true
}

// drain reads on, for as long as the last message may take to arrive.
func drain(c *client) {
	if c.conn.SetReadDeadline(time.Now().Add(lastWait)) != nil {
		return
	}
	for {
		if _, _, err := c.conn.ReadMessage(); err != nil {
			return
		}
	}
}
