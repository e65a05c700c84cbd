package gameserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// maxAnswer bounds what is read of one answer, maxMessage what is kept of an error.
const (
	maxAnswer  = 4 << 20
	maxMessage = 300
)

// sidecar speaks the REST interface on loopback.
type sidecar struct {
	base    string
	client  *http.Client
	timeout time.Duration
}

func newSidecar(via http.RoundTripper, port string, timeout time.Duration) *sidecar {
	if port == "" {
		port = defaultSidecarPort
	}
	return &sidecar{
		base: "http://127.0.0.1:" + port, timeout: timeout,
		client: &http.Client{Transport: via, CheckRedirect: noRedirect},
	}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// await asks until the sidecar answers. With once, a refused connection ends it.
func (c *sidecar) await(ctx context.Context, limit time.Duration, once bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, ErrUnavailable)
	defer cancel()
	var wait backoff
	for {
		_, err := c.gameServer(ctx)
		if err == nil || once && errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		if ctx.Err() == nil {
			_ = sleep(ctx, wait.next())
		}
		switch cause := context.Cause(ctx); {
		case cause == nil:
		case errors.Is(cause, ErrUnavailable):
			return fmt.Errorf("%w within %s: %w", ErrUnavailable, limit, err)
		default:
			return cause
		}
	}
}

func (c *sidecar) ready(ctx context.Context) error    { return c.post(ctx, "/ready") }
func (c *sidecar) health(ctx context.Context) error   { return c.post(ctx, "/health") }
func (c *sidecar) shutdown(ctx context.Context) error { return c.post(ctx, "/shutdown") }

func (c *sidecar) post(ctx context.Context, path string) error {
	return c.call(ctx, http.MethodPost, path, struct{}{}, nil)
}

func (c *sidecar) gameServer(ctx context.Context) (g GameServer, err error) {
	err = c.call(ctx, http.MethodGet, "/gameserver", nil, &g)
	return g, err
}

// call makes one request and decodes its answer into out, unless that is nil.
func (c *sidecar) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.do(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if resp.StatusCode/100 != 2 {
		return readError(resp.StatusCode, body)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("gameserver: the answer to %s cannot be read: %w", path, err)
	}
	return nil
}

func (c *sidecar) do(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return resp, nil
}

// readError reads a gateway's error body, which some proxies replace by text.
func readError(status int, body []byte) *SidecarError {
	e := &SidecarError{Status: status}
	var raw struct {
		Code    integer `json:"code"`
		Message string  `json:"message"`
		Error   string  `json:"error"`
	}
	if json.Unmarshal(body, &raw) == nil {
		e.Code, e.Message = int(raw.Code), raw.Message
		if e.Message == "" {
			e.Message = raw.Error
		}
	} else {
		e.Message = strings.TrimSpace(string(body))
	}
	e.Message = strings.ToValidUTF8(e.Message[:min(len(e.Message), maxMessage)], "")
	return e
}
