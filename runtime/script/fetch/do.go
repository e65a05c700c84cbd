package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Do asks and returns the whole answer. Every error is an *Error.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	request, refused := c.prepare(r)
	if refused != nil {
		return nil, refused
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	done, err := c.begin(ctx)
	if err != nil {
		return nil, c.failed(ctx, request.URL.Hostname(), err)
	}
	defer done()
	answer, err := c.http.Do(request.WithContext(ctx))
	if err != nil {
		return nil, c.failed(ctx, request.URL.Hostname(), err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxResponse+1))
	if err != nil {
		return nil, c.failed(ctx, request.URL.Hostname(), err)
	}
	if len(body) > MaxResponse {
		return nil, &Error{Code: CodeTooLarge, Text: "fetch: the answer of " + request.URL.Hostname() + " is over 1 MiB"}
	}
	headers := make(map[string]string, len(answer.Header))
	for name, values := range answer.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return &Response{Status: answer.StatusCode, Headers: headers, Body: body}, nil
}

// permit holds an address against the list.
func (c *Client) permit(u *url.URL) *Error {
	usual := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	switch {
	case usual == "":
		return refuse("the address must begin with http:// or https://")
	case u.Hostname() == "":
		return refuse("the address has no host")
	case u.User != nil:
		return refuse("the address must not have a user or password: use the Authorization header")
	}
	port := u.Port()
	if port == "" {
		port = usual
	}
	for _, e := range c.allow {
		if e.allows(u.Hostname(), port, usual) {
			return nil
		}
	}
	name := u.Hostname()
	if port != usual {
		name = net.JoinHostPort(name, port)
	}
	return refuse("%q is not in the allow list of this hooks block", name)
}

// redirect judges where an answer leads as if the script had asked for it. What
// was meant for one host does not reach another.
func (c *Client) redirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &Error{Code: CodeFailed, Text: "fetch: " + via[0].URL.Hostname() + " redirects over 5 times"}
	}
	if err := c.permit(next.URL); err != nil {
		err.Text += ", to which " + via[len(via)-1].URL.Hostname() + " redirects"
		return err
	}
	if len(next.URL.String()) > MaxURL {
		return refuse("%s redirects to an address over %d bytes", via[0].URL.Hostname(), MaxURL)
	}
	first := via[0].URL
	if first.Scheme == "https" && next.URL.Scheme == "http" {
		return refuse("%s redirects from https to http", first.Hostname())
	}
	strange := next.URL.Scheme != first.Scheme || next.URL.Host != first.Host
	for _, r := range via {
		strange = strange || r.URL.Scheme != first.Scheme || r.URL.Host != first.Host
	}
	if strange {
		for name := range next.Header {
			switch name {
			case "Accept", "Accept-Language", "Content-Type", "User-Agent":
			default:
				next.Header.Del(name)
			}
		}
	}
	return nil
}

// prepare checks a request, as far as it can be without asking anybody.
func (c *Client) prepare(r Request) (*http.Request, *Error) {
	if len(r.URL) > MaxURL {
		return nil, refuse("the address is over %d bytes", MaxURL)
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, refuse("the address is not valid")
	}
	if refused := c.permit(u); refused != nil {
		return nil, refused
	}
	method := strings.ToUpper(r.Method)
	switch method {
	case "":
		method = http.MethodGet
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		return nil, refuse("the method %.20q is not supported", r.Method)
	}
	switch {
	case len(r.Body) > MaxBody:
		return nil, refuse("the body is over %d KiB", MaxBody>>10)
	case len(r.Body) > 0 && (method == http.MethodGet || method == http.MethodHead):
		return nil, refuse("a %s request has no body", method)
	}
	request, err := http.NewRequest(method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, refuse("the address is not valid")
	}
	request.Header.Set("User-Agent", "Muster")
	return request, setHeaders(request.Header, r.Headers)
}

// short is the innermost part of an error that still says what went wrong, without
// the address that was asked for.
func short(err error) error {
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	return err
}
