// Package gameflow makes dedicated servers by GameFlow's public API.
package gameflow

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

// Slack is how much longer we wait than we ask the platform to, so that its own
// answer about a timeout reaches us.
const Slack = 15 * time.Second

// Options make a Provider.
type Options struct {
	// URL is the API's base, such as https://api.gameflow.gg/v1.
	URL string
	// GameID is the platform's id of the game.
	GameID string
	// APIKey is sent to URL alone. It is in no error and no log.
	APIKey string
	// Region is used when a request names none.
	Region string
	// Fleet asks for a ready server of the game's warm fleet instead of a new one.
	Fleet bool
	// Timeout is how long the platform may take until the server is ready; at
	// least one second.
	Timeout time.Duration
	// MaxConns bounds the connections to the platform. 0: 32.
	MaxConns int
	// Logger may be nil.
	Logger *zap.Logger
}

// Provider makes servers by the start call, or takes them from the warm fleet. It
// is safe for concurrent use.
type Provider struct {
	url     string
	fleet   bool
	key     string
	region  string
	timeout time.Duration
	client  *http.Client
	log     *zap.Logger
}

var _ allocation.Provider = (*Provider)(nil)

// New checks the options; it does not call the platform.
func New(o Options) (*Provider, error) {
	if err := checkAccess(o.URL, o.GameID, o.APIKey); err != nil {
		return nil, err
	}
	if o.Timeout < time.Second {
		return nil, fmt.Errorf("gameflow: timeout %s is under one second", o.Timeout)
	}
	path := "/games/" + url.PathEscape(o.GameID) + "/servers"
	if o.Fleet {
		path = "/fleets/" + url.PathEscape(o.GameID) + "/allocate"
	}
	p := &Provider{
		url: strings.TrimRight(o.URL, "/") + path, fleet: o.Fleet,
		key: o.APIKey, region: o.Region, timeout: o.Timeout, log: o.Logger,
	}
	if p.log == nil {
		p.log = zap.NewNop()
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 32
	}
	p.client = newClient(o.MaxConns)
	return p, nil
}

// Limits are the bounds for this provider's entry in a chain: the platform's
// time and Slack.
func (p *Provider) Limits(maxConcurrent int) allocation.Limits {
	return allocation.Limits{Timeout: p.timeout + Slack, MaxConcurrent: maxConcurrent}
}

// Close closes idle connections. Calls under way go on.
func (p *Provider) Close() { p.client.CloseIdleConnections() }

// Release is ErrCannotRelease: the public API has no call that ends a server. One ends
// by itself, or when it has had no player for the organisation's idle time.
func (p *Provider) Release(context.Context, string, string) error { return allocation.ErrCannotRelease }

func newClient(maxConns int) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxConnsPerHost = maxConns
	t.MaxIdleConns = maxConns
	t.MaxIdleConnsPerHost = maxConns
	t.IdleConnTimeout = 60 * time.Second
	t.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{
		Transport: t,
		// A redirect would carry the key elsewhere, and is no answer of this call.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
