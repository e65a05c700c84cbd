package main

import (
	"net"
	"sync"
)

// bounded is a listener that closes connections which are too many at once.
type bounded struct {
	net.Listener
	room chan struct{}
}

func newBounded(l net.Listener, most int) *bounded {
	return &bounded{Listener: l, room: make(chan struct{}, most)}
}

// Accept returns the next connection that there is room for.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case b.room <- struct{}{}:
			return &counted{Conn: conn, free: func() { <-b.room }}, nil
		default:
			_ = conn.Close()
		}
	}
}

// counted makes room when it is closed.
type counted struct {
	net.Conn
	once sync.Once
	free func()
}

func (c *counted) Close() error {
	c.once.Do(c.free)
	return c.Conn.Close()
}
