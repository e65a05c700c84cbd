// Package web asks the HTTP interfaces of sign-in providers: bounded in time and
// size, no redirects, and with errors that never hold an address, a header or a
// body, because tokens and keys stand in all three.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
)

const (
	// maxBody is how much of an answer is read.
	maxBody = 1 << 20
	// maxWait is the longest Retry-After that is waited for.
	maxWait = time.Second
	// maxHeader is how big the header of an answer may be.
	maxHeader = 64 << 10
)

// Client asks one provider. It may be used from many goroutines.
type Client struct {
	http    *http.Client
	timeout time.Duration
}

// New returns a client whose every Get ends within timeout. Proxies are those of
// the environment.
func New(timeout time.Duration) *Client {
	return &Client{
		http: &http.Client{
			Transport: &http.Transport{
				Proxy:                  http.ProxyFromEnvironment,
				ForceAttemptHTTP2:      true,
				MaxIdleConnsPerHost:    16,
				MaxConnsPerHost:        64,
				IdleConnTimeout:        time.Minute,
				TLSHandshakeTimeout:    timeout,
				ResponseHeaderTimeout:  timeout,
				MaxResponseHeaderBytes: maxHeader,
			},
			// A redirect would carry the token on.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		timeout: timeout,
	}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Answer is what a provider said.
type Answer struct {
	Status int
	Header http.Header
}

// Get asks address with the headers given, and reads the JSON of a 200 into the
// value. Answers of 400 to 499 are returned for the caller to judge, unread. What
// means that the provider cannot be asked now is an error of hook.Unreachable: the
// network, the timeout, 429, 500 and above, a redirect, an answer that is too big or
// no JSON. After a 429 it is asked once more if it says that a second is enough.
func (c *Client) Get(ctx context.Context, address string, header http.Header, into any) (Answer, error) {
	within, cancel := Within(ctx, c.timeout)
	defer cancel()
	a, err := c.get(within, address, header, into)
	if err == nil && a.Status == http.StatusTooManyRequests {
		if wait, ok := retryAfter(a.Header, time.Now()); ok && pause(within, wait) {
			a, err = c.get(within, address, header, into)
		}
	}
	switch {
	case err == nil && a.Status != http.StatusTooManyRequests:
		return a, nil
	case ctx.Err() != nil: // the caller is gone: nothing is known of the provider
		return a, ctx.Err()
	case err == nil:
		err = fmt.Errorf("status %d", a.Status)
	}
	return a, hook.Unreachable(err)
}

func (c *Client) get(ctx context.Context, address string, header http.Header, into any) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Answer{}, errors.New("the address is not valid")
	}
	if header != nil {
		r.Header = header.Clone()
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "muster (https://github.com/muster-gg/muster)")
	response, err := c.http.Do(r)
	if err != nil {
		return Answer{}, bare(err)
	}
	defer response.Body.Close()
	a := Answer{Status: response.StatusCode, Header: response.Header}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return a, fmt.Errorf("reading the answer: %w", bare(err))
	case len(body) > maxBody:
		return a, fmt.Errorf("the answer is over %d bytes", maxBody)
	case a.Status >= 400 && a.Status < 500:
		return a, nil
	case a.Status != http.StatusOK:
		return a, fmt.Errorf("status %d", a.Status)
	case json.Unmarshal(body, into) != nil: // its error may quote the body
		return a, errors.New("the answer is not the JSON that was expected")
	}
	return a, nil
}

// Within bounds ctx by timeout, and by a little less than what it has left: who
// waits shall be told that the provider is slow while there is time for it.
func Within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)*9/10)
	}
	return context.WithTimeout(ctx, timeout)
}

// bare takes out of an error the address, and what it quotes of an answer.
func bare(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	var quoting textproto.ProtocolError
	if errors.As(err, &quoting) {
		return errors.New("the answer is not HTTP")
	}
	if said, _, quotes := strings.Cut(err.Error(), `"`); quotes {
		return errors.New(strings.TrimRight(said, " :"))
	}
	return err
}
