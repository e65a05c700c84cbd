package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds what is read of one REST answer, in bytes.
const maxAnswer = 8 << 20

// Config says where the server is.
type Config struct {
	// URL is the server's address, http or https, with a path if it has one.
	URL string
	// Game is empty for the server's default game.
	Game string
	// HTTP is http.DefaultClient when nil.
	HTTP *http.Client
}

// Client makes REST calls. It is safe for any number of goroutines and keeps no
// sign-in: tokens are passed to each call.
type Client struct {
	base string
	root string
	http *http.Client
}

// New returns a client. It does not connect.
func New(c Config) *Client {
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	return &Client{root: c.URL, base: base(c.URL, c.Game), http: c.HTTP}
}

func base(address, game string) string {
	address = strings.TrimRight(address, "/")
	if game != "" {
		address += "/games/" + url.PathEscape(game)
	}
	return address
}

// URL is the address that the client was made with.
func (c *Client) URL() string { return c.root }

// SignIn signs in anonymously. The device id (16 to 128 characters, a secret)
// returns the same account next time; empty means a new account.
func (c *Client) SignIn(ctx context.Context, username, deviceID string) (Session, error) {
	fields := map[string]any{"username": username}
	if deviceID != "" {
		fields["deviceId"] = deviceID
	}
	return c.SignInWith(ctx, "anonymous", fields)
}

// SignInWith signs in with the fields that the provider asks for.
func (c *Client) SignInWith(ctx context.Context, provider string, fields map[string]any) (s Session, err error) {
	_, err = c.call(ctx, http.MethodPost, "/auth/"+url.PathEscape(provider), "", fields, &s)
	return s, err
}

// Refresh exchanges a refresh token for a new session. The old token is dead then;
// using it again ends the whole sign-in.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (s Session, err error) {
	_, err = c.call(ctx, http.MethodPost, "/auth/refresh", "", map[string]any{"refreshToken": refreshToken}, &s)
	return s, err
}

// Logout ends the sign-in of the token, or all sign-ins of its account, with their
// sockets.
func (c *Client) Logout(ctx context.Context, token string, everywhere bool) error {
	_, err := c.call(ctx, http.MethodPost, "/auth/logout", token, map[string]any{"everywhere": everywhere}, nil)
	return err
}

// Me returns the token's account.
func (c *Client) Me(ctx context.Context, token string) (a Account, err error) {
	_, err = c.call(ctx, http.MethodGet, "/accounts/me", token, nil, &a)
	return a, err
}

// Rename changes the account's name and returns the changed account.
func (c *Client) Rename(ctx context.Context, token, username string) (a Account, err error) {
	_, err = c.call(ctx, http.MethodPatch, "/accounts/me", token, map[string]any{"username": username}, &a)
	return a, err
}

// Delete erases the account.
func (c *Client) Delete(ctx context.Context, token string) error {
	_, err := c.call(ctx, http.MethodDelete, "/accounts/me", token, nil, nil)
	return err
}

// Link adds a way to sign in to the token's account, with the fields that the
// provider asks for; "anonymous" needs a deviceId. One that belongs to another
// account is the error identity_taken.
func (c *Client) Link(ctx context.Context, token, provider string, fields map[string]any) (a Account, err error) {
	_, err = c.call(ctx, http.MethodPost, "/accounts/me/identities/"+url.PathEscape(provider), token, fields, &a)
	return a, err
}

// Unlink takes a way to sign in off the account; the last one stays (last_identity).
func (c *Client) Unlink(ctx context.Context, token, provider string) (a Account, err error) {
	_, err = c.call(ctx, http.MethodDelete, "/accounts/me/identities/"+url.PathEscape(provider), token, nil, &a)
	return a, err
}

// Export writes everything that is stored of the account, as JSON. After an error
// what was written is incomplete.
func (c *Client) Export(ctx context.Context, token string, to io.Writer) error {
	res, err := c.send(ctx, http.MethodGet, "/accounts/me/export", token, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(to, res.Body)
	return err
}

// Rpc calls a function of the game's own rules. payload is encoded as JSON, nil
// sends none; what is answered is decoded into answer, unless that is nil.
func (c *Client) Rpc(ctx context.Context, token, name string, payload, answer any) error {
	_, err := c.call(ctx, http.MethodPost, "/rpc/"+url.PathEscape(name), token, payload, answer)
	return err
}

// Page says which part of a list is wanted; the zero value is all of it.
type Page struct {
	Limit  int
	Cursor string
}

// Lobbies lists the lobbies that can be joined. next is the cursor of the next
// page, empty on the last one.
func (c *Client) Lobbies(ctx context.Context, token string, page Page) (list []Lobby, next string, err error) {
	query := url.Values{"v": {"2"}}
	if page.Limit > 0 {
		query.Set("limit", strconv.Itoa(page.Limit))
	}
	if page.Cursor != "" {
		query.Set("cursor", page.Cursor)
	}
	header, err := c.call(ctx, http.MethodGet, "/lobbies?"+query.Encode(), token, nil, &list)
	if err != nil {
		return nil, "", err
	}
	for i := range list {
		list[i].complete()
	}
	return list, nextCursor(header.Values("Link")), nil
}

// nextCursor reads the cursor out of `<address?cursor=…>; rel="next"` (RFC 8288).
func nextCursor(links []string) string {
	for _, link := range strings.Split(strings.Join(links, ","), ",") {
		target, params, _ := strings.Cut(link, ">")
		if !strings.Contains(strings.ReplaceAll(params, `"`, ""), "rel=next") {
			continue
		}
		if u, err := url.Parse(strings.TrimLeft(target, " <")); err == nil {
			return u.Query().Get("cursor")
		}
	}
	return ""
}

// call makes one request and decodes the answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, method, path, token string, body, out any) (http.Header, error) {
	res, err := c.send(ctx, method, path, token, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			return nil, &Error{Code: CodeBadAnswer, Message: "The server's answer cannot be read", Status: res.StatusCode, Cause: err}
		}
	}
	return res.Header, nil
}

// send makes one request. The body of its answer, which is 2xx, must be closed.
func (c *Client) send(ctx context.Context, method, path, token string, body any) (*http.Response, error) {
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 200 && res.StatusCode <= 299 {
		return res, nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return nil, refusal(res, raw)
}

// refusal makes an error of an answer that is not 2xx.
func refusal(res *http.Response, raw []byte) *Error {
	var body struct{ Error, Code, RequestID string }
	if json.Unmarshal(raw, &body) != nil || body.Code == "" {
		body.Code, body.Error = CodeBadAnswer, http.StatusText(res.StatusCode)
	}
	e := &Error{Code: body.Code, Message: body.Error, Status: res.StatusCode, RequestID: body.RequestID}
	if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(s) * time.Second
	}
	return e
}
