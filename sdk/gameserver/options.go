package gameserver

import (
	"log/slog"
	"net/http"
	"os"
	"time"
)

// Options of Connect. The zero value is right for a server in production.
type Options struct {
	// AllowLocal lets the SDK work without a sidecar when none answers, for a
	// server started by hand. GAMEFLOW_SDK_MODE=local asks for that at once,
	// GAMEFLOW_SDK_MODE=sidecar forbids it.
	AllowLocal bool
	// LocalPayload is the launch payload of the local mode; by default the
	// variable GAMEFLOW_PAYLOAD.
	LocalPayload []byte
	// ConnectTimeout is how long Connect waits for the sidecar: 30 s.
	ConnectTimeout time.Duration
	// RequestTimeout bounds one call to the sidecar: 3 s.
	RequestTimeout time.Duration
	// HealthInterval is the time between two signs of health: 5 s, at least 0.5 s.
	HealthInterval time.Duration
	// Logger gets what happens in the background; nothing by default. No secret is logged.
	Logger *slog.Logger
	// Getenv reads the environment; os.Getenv by default.
	Getenv func(name string) string
	// Transport carries all requests. By default the SDK has transports of its own,
	// which use a proxy for results but never for the sidecar.
	Transport http.RoundTripper
}

const (
	defaultSidecarPort = "9358"
	minHealthInterval  = 500 * time.Millisecond
)

func (o Options) withDefaults() Options {
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 30 * time.Second
	}
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = 3 * time.Second
	}
	if o.HealthInterval <= 0 {
		o.HealthInterval = 5 * time.Second
	}
	o.HealthInterval = max(o.HealthInterval, minHealthInterval)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.LocalPayload == nil {
		o.LocalPayload = []byte(o.Getenv("GAMEFLOW_PAYLOAD"))
	}
	return o
}

// transports returns what carries calls to the sidecar and results, and a
// function that frees their connections.
func (o Options) transports() (side, results http.RoundTripper, free func()) {
	if o.Transport != nil {
		return o.Transport, o.Transport, func() {}
	}
	own := &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second}
	public := own.Clone()
	public.Proxy = http.ProxyFromEnvironment
	return own, public, func() {
		own.CloseIdleConnections()
		public.CloseIdleConnections()
	}
}
