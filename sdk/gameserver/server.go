package gameserver

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Server is this process as its platform sees it. Methods are safe for concurrent use.
type Server struct {
	host    host
	getenv  func(string) string
	log     *slog.Logger
	results *http.Client

	life   context.Context // ends with Close
	stop   context.CancelFunc
	health *health
	free   func()

	mu      sync.Mutex
	payload *Payload // the newest that was read
}

// host is what the platform offers: the sidecar, or the local mode in its place.
type host interface {
	ready(ctx context.Context) error
	health(ctx context.Context) error
	shutdown(ctx context.Context) error
	gameServer(ctx context.Context) (GameServer, error)
	// watch calls fn with the state as it is and after every change, until the
	// stream or ctx ends, or fn returns false.
	watch(ctx context.Context, fn func(GameServer) bool) error
	addPlayer(ctx context.Context, id string) error
	removePlayer(ctx context.Context, id string) error
	players(ctx context.Context) (List, error)
}

var (
	_ host = (*sidecar)(nil)
	_ host = (*standalone)(nil)
)

// Connect finds the sidecar, waiting for it if needed (250 ms to 4 s between
// tries, up to Options.ConnectTimeout), and begins to send signs of health. ctx
// bounds the connecting only. It fails with ErrUnavailable, or with ctx's error.
// Call Close at the end.
func Connect(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	side, results, free := o.transports()
	h, err := o.findHost(ctx, side)
	if err != nil {
		free()
		return nil, err
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{
		host: h, getenv: o.Getenv, log: o.Logger, life: life, stop: stop, free: free,
		// Room for a result that waits until its match has started.
		results: &http.Client{Transport: results, Timeout: resultTimeout, CheckRedirect: noRedirect},
	}
	s.health = startHealth(life, h, o.HealthInterval, o.Logger)
	return s, nil
}

func (o Options) findHost(ctx context.Context, side http.RoundTripper) (host, error) {
	mode := o.Getenv("GAMEFLOW_SDK_MODE")
	if mode == "local" {
		return newStandalone(o), nil
	}
	port := o.Getenv("AGONES_SDK_HTTP_PORT")
	mayLocal := o.AllowLocal && mode != "sidecar"
	c := newSidecar(side, port, o.RequestTimeout)
	// Every platform sets the port: without it, one refusal is proof enough.
	err := c.await(ctx, o.ConnectTimeout, mayLocal && port == "")
	if err == nil {
		return c, nil
	}
	if mayLocal && ctx.Err() == nil {
		o.Logger.Warn("no sidecar answers: local mode")
		return newStandalone(o), nil
	}
	return nil, err
}

// Local reports whether the SDK works without a sidecar.
func (s *Server) Local() bool {
	_, local := s.host.(*standalone)
	return local
}

// Ready tells the platform that players may come: call it when the port is open.
func (s *Server) Ready(ctx context.Context) error {
	return s.retry(ctx, "ready", s.host.ready)
}

// Shutdown tells the platform that this server is done; the process should exit
// soon after, as the platform then ends it.
func (s *Server) Shutdown(ctx context.Context) error {
	return s.retry(ctx, "shutdown", s.host.shutdown)
}

// Healthy is false while six or more signs of health in a row were not accepted.
func (s *Server) Healthy() bool { return s.health.ok() }

// GameServer is what the platform knows of this server.
func (s *Server) GameServer(ctx context.Context) (g GameServer, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		g, err = s.host.gameServer(ctx)
		return err
	})
	return g, err
}

// Close ends all calls under way and the signs of health, and waits for the
// latter. It tells the platform nothing: Shutdown does. It may be called twice.
func (s *Server) Close() {
	s.stop()
	s.health.wait()
	s.free()
}

// do makes a call that Close ends.
func (s *Server) do(ctx context.Context, call func(context.Context) error) error {
	if s.life.Err() != nil {
		return ErrClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	err := call(ctx)
	if err != nil && errors.Is(err, context.Canceled) && s.life.Err() != nil {
		return ErrClosed
	}
	return err
}

// retry makes a call up to three times while the sidecar is not well.
func (s *Server) retry(ctx context.Context, what string, call func(context.Context) error) error {
	const tries = 3
	return s.do(ctx, func(ctx context.Context) error {
		for n := 1; ; n++ {
			err := call(ctx)
			if err == nil || n == tries || !retryable(err) {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.log.Warn("the sidecar did not take a call", "call", what, "try", n, "error", err)
			if err := sleep(ctx, time.Duration(n)*500*time.Millisecond); err != nil {
				return err
			}
		}
	})
}
