// Package fetch is the HTTP client of scripts: it reaches the hosts that a config
// lists and nothing else, and every part of a call is bounded.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bounds of one call.
const (
	// MaxURL, MaxHeaders and MaxBody are what a request may have, in bytes.
	MaxURL     = 2 << 10
	MaxHeaders = 8 << 10
	MaxBody    = 64 << 10
	// MaxResponse is how long the body of an answer may be, decompressed.
	MaxResponse = 1 << 20
	// maxResponseHeaders bounds the head of an answer.
	maxResponseHeaders = 32 << 10
	maxRedirects       = 5
)

// Options are a client's. Zero values mean the defaults.
type Options struct {
	// Allow are the hosts that may be reached; see Check. Empty: none.
	Allow []string
	// Timeout bounds a call from its begin to the last byte of its answer: 10 s.
	Timeout time.Duration
	// Calls is how many may be under way at a time; others wait: 8.
	Calls int
	// Lookup resolves the name of a host; the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Codes of an Error.
const (
	CodeRefused  = "fetch_refused"
	CodeFailed   = "fetch_failed"
	CodeTimeout  = "fetch_timeout"
	CodeTooLarge = "fetch_too_large"
)

// Error is why a call has no answer. An answer with a bad status is none.
type Error struct {
	// Code is one of the codes above.
	Code string
	// Text is a sentence for the author of the script. It has no query and no header
	// of the request.
	Text  string
	cause error
}

// Error is the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the cause, which may be nil.
func (e *Error) Unwrap() error { return e.cause }

func refuse(format string, args ...any) *Error {
	return &Error{Code: CodeRefused, Text: "fetch: " + fmt.Sprintf(format, args...)}
}

// Request is what to ask.
type Request struct {
	// Method is GET if empty.
	Method string
	// URL is http or https.
	URL string
	// Headers must have none that belong to the connection, such as Host.
	Headers map[string]string
	Body    []byte
}

// Response is an answer with any status.
type Response struct {
	Status int
	// Headers have names in lower case; several values of one are joined by ", ".
	Headers map[string]string
	Body    []byte
}

// Client is safe for concurrent use.
type Client struct {
	options   Options
	allow     []entry
	http      *http.Client
	transport *http.Transport
	slots     chan struct{}

	life  context.Context // ends with Close
	end   context.CancelFunc
	mu    sync.Mutex
	shut  bool
	calls sync.WaitGroup
}

// New makes a client. It fails if an entry of Allow is none.
func New(o Options) (*Client, error) {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Calls <= 0 {
		o.Calls = 8
	}
	c := &Client{options: o, slots: make(chan struct{}, o.Calls)}
	for _, text := range o.Allow {
		e, err := parse(text)
		if err != nil {
			return nil, err
		}
		c.allow = append(c.allow, e)
	}
	// A transport of its own: no proxies of the environment, no cookies, and nothing
	// shared with others.
	c.transport = &http.Transport{
		DialContext:            c.dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConns:           o.Calls,
		MaxIdleConnsPerHost:    o.Calls,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxResponseHeaders,
	}
	c.http = &http.Client{Transport: c.transport, CheckRedirect: c.redirect}
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Close ends the calls under way, waits for them and closes all connections.
func (c *Client) Close() {
	c.mu.Lock()
	c.shut = true
	c.mu.Unlock()
	c.end()
	c.calls.Wait()
	c.transport.CloseIdleConnections()
}

// begin takes a place among the calls; done gives it back.
func (c *Client) begin(ctx context.Context) (done func(), err error) {
	c.mu.Lock()
	if c.shut {
		c.mu.Unlock()
		return nil, &Error{Code: CodeFailed, Text: "fetch: this version of the script has ended"}
	}
	c.calls.Add(1)
	c.mu.Unlock()
	select {
	case c.slots <- struct{}{}:
		return func() { <-c.slots; c.calls.Done() }, nil
	case <-ctx.Done():
		c.calls.Done()
		return nil, ctx.Err()
	}
}

// failed is an error of a call in words for the script's author.
func (c *Client) failed(ctx context.Context, host string, err error) *Error {
	var known *Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return &Error{CodeTimeout, fmt.Sprintf("fetch: %s did not answer in time", host), err}
	case ctx.Err() != nil:
		return &Error{CodeFailed, fmt.Sprintf("fetch: the call to %s was given up", host), err}
	}
	return &Error{CodeFailed, fmt.Sprintf("fetch: %s: %v", host, short(err)), err}
}
