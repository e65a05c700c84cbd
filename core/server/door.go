package server

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// door is the public listener with a bound on open connections below what the
// system lets a process open: the databases, game servers and operators still get
// their files when players have taken all they can. Connections over it are
// closed at once.
type door struct {
	net.Listener
	max     int64 // 0: no bound
	refused interface{ Inc() }
	log     *zap.Logger

	open atomic.Int64
	mu   sync.Mutex
	said time.Time
}

const (
	// keptFiles is what is not for players: this many, and an eighth of all, but not
	// over mostKept.
	keptFiles = 64
	mostKept  = 1024
	// sayEvery is how often a full door is logged at most.
	sayEvery = time.Minute
)

func newDoor(l net.Listener, refused interface{ Inc() }, log *zap.Logger) *door {
	d := &door{Listener: l, max: maxConns(openFiles()), refused: refused, log: log}
	if d.max > 0 && d.max < 1000 {
		log.Warn("few players fit: the system's limit of open files is low; raise it (ulimit -n, LimitNOFILE=)", zap.Int64("connections", d.max))
	}
	return d
}

// maxConns is how many connections a limit of open files leaves to players.
func maxConns(files uint64) int64 {
	if files == 0 || files > 1<<40 {
		return 0
	}
	return max(1, int64(files-min(files, min(keptFiles+files/8, mostKept))))
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		tcp, is := c.(*net.TCPConn)
		if err != nil || d.max == 0 || !is {
			return c, err
		}
		if d.open.Add(1) <= d.max {
			return &guest{TCPConn: tcp, door: d}, nil
		}
		d.open.Add(-1)
		d.refused.Inc()
		d.say()
		_ = c.Close()
	}
}

func (d *door) say() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); now.Sub(d.said) >= sayEvery {
		d.said = now
		d.log.Warn("connections are refused: the limit of open files is reached; raise it (ulimit -n, LimitNOFILE=)", zap.Int64("connections", d.max))
	}
}

// guest is a connection that counts until it is closed. It embeds the connection
// itself, not an interface: net.Buffers finds its one call for many parts there.
type guest struct {
	*net.TCPConn
	door *door
	once sync.Once
}

// Close implements net.Conn.
func (g *guest) Close() error {
	g.once.Do(func() { g.door.open.Add(-1) })
	return g.TCPConn.Close()
}
