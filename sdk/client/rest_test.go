package client

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve answers with a status and a body and notes the request.
func serve(t *testing.T, status int, header map[string]string, body string) (*Client, *http.Request, *map[string]any) {
	var got http.Request
	sent := map[string]any{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = *r
		raw, _ := io.ReadAll(r.Body)
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &sent); err != nil {
				t.Error(err)
			}
		}
		for k, v := range header {
			w.Header().Add(k, v)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return New(Config{URL: s.URL + "/", Game: "arena", HTTP: s.Client()}), &got, &sent
}

func TestREST(t *testing.T) {
	const session = `{"accessToken":"at","refreshToken":"rt","expiresAt":5,"account":{"id":"a-1","username":"Ada"}}`
	for name, c := range map[string]struct {
		status       int
		body         string
		call         func(*Client) error
		method, path string
		token        bool
		field, value string
	}{
		"sign in": {200, session, func(c *Client) error {
			s, err := c.SignIn(t.Context(), "Ada", "0123456789abcdef")
			if s.AccessToken != "at" || s.RefreshToken != "rt" || s.ExpiresAt != 5 || s.Account.ID != "a-1" {
				t.Errorf("session %+v", s)
			}
			return err
		}, "POST", "/games/arena/auth/anonymous", false, "deviceId", "0123456789abcdef"},
		"provider": {200, session, func(c *Client) error {
			_, err := c.SignInWith(t.Context(), "discord", map[string]any{"discordToken": "d"})
			return err
		}, "POST", "/games/arena/auth/discord", false, "discordToken", "d"},
		"refresh": {200, session, func(c *Client) error {
			_, err := c.Refresh(t.Context(), "rt")
			return err
		}, "POST", "/games/arena/auth/refresh", false, "refreshToken", "rt"},
		"logout": {204, "", func(c *Client) error { return c.Logout(t.Context(), "at", false) }, "POST", "/games/arena/auth/logout", true, "", ""},
		"me": {200, `{"id":"a-1","username":"Ada","createdAt":7}`, func(c *Client) error {
			a, err := c.Me(t.Context(), "at")
			if a.ID != "a-1" || a.CreatedAt != 7 {
				t.Errorf("account %+v", a)
			}
			return err
		}, "GET", "/games/arena/accounts/me", true, "", ""},
		"rename": {200, `{"id":"a-1","username":"Bob"}`, func(c *Client) error {
			a, err := c.Rename(t.Context(), "at", "Bob")
			if a.Username != "Bob" {
				t.Errorf("account %+v", a)
			}
			return err
		}, "PATCH", "/games/arena/accounts/me", true, "username", "Bob"},
		"link": {200, `{"id":"a-1","username":"Ada","discord":{"id":"d-1","username":"D","avatar":null},"identities":[{"provider":"anonymous"},{"provider":"discord","linkedAt":5}]}`, func(c *Client) error {
			a, err := c.Link(t.Context(), "at", "dis/cord", map[string]any{"discordToken": "d"})
			if a.Discord == nil || *a.Discord != (Discord{ID: "d-1", Username: "D"}) || len(a.Identities) != 2 || a.Identities[1].LinkedAt != 5 {
				t.Errorf("account %+v", a)
			}
			return err
		}, "POST", "/games/arena/accounts/me/identities/dis/cord", true, "discordToken", "d"},
		"unlink": {200, `{"id":"a-1"}`, func(c *Client) error {
			a, err := c.Unlink(t.Context(), "at", "discord")
			if a.ID != "a-1" || a.Discord != nil {
				t.Errorf("account %+v", a)
			}
			return err
		}, "DELETE", "/games/arena/accounts/me/identities/discord", true, "", ""},
		"export": {200, `{"account":{}}`, func(c *Client) error {
			var file strings.Builder
			err := c.Export(t.Context(), "at", &file)
			if file.String() != `{"account":{}}` {
				t.Errorf("file %s", file.String())
			}
			return err
		}, "GET", "/games/arena/accounts/me/export", true, "", ""},
		"rpc": {200, `["Ada"]`, func(c *Client) error {
			var names []string
			err := c.Rpc(t.Context(), "at", "winners", map[string]any{"limit": "3"}, &names)
			if len(names) != 1 || names[0] != "Ada" {
				t.Errorf("answer %v", names)
			}
			return err
		}, "POST", "/games/arena/rpc/winners", true, "limit", "3"},
		"rpc of nothing": {200, `null`, func(c *Client) error {
			return c.Rpc(t.Context(), "at", "touch", nil, nil)
		}, "POST", "/games/arena/rpc/touch", true, "", ""},
		"delete": {204, "", func(c *Client) error { return c.Delete(t.Context(), "at") }, "DELETE", "/games/arena/accounts/me", true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			api, req, sent := serve(t, c.status, nil, c.body)
			if err := c.call(api); err != nil {
				t.Fatal(err)
			}
			if req.Method != c.method || req.URL.Path != c.path {
				t.Errorf("%s %s", req.Method, req.URL)
			}
			if want := map[bool]string{true: "Bearer at"}[c.token]; req.Header.Get("Authorization") != want {
				t.Errorf("Authorization %q", req.Header.Get("Authorization"))
			}
			if c.field != "" && (*sent)[c.field] != c.value {
				t.Errorf("sent %v", *sent)
			}
		})
	}
}

func TestLobbies(t *testing.T) {
	api, req, _ := serve(t, 200, map[string]string{"Link": `</prev?cursor=x>; rel="prev", </lobbies?limit=2&cursor=a%2Fb>; rel="next"`},
		`[{"id":"l-1","version":3,"teams":[{"name":"Red","size":2,"players":[{"accountId":"a-1"}]}]},{"id":"l-2","teamA":[{"accountId":"a-2"}],"teamB":[]}]`)
	list, next, err := api.Lobbies(t.Context(), "at", Page{Limit: 2, Cursor: "c/1"})
	if err != nil || next != "a/b" || len(list) != 2 {
		t.Fatalf("%v %q %v", list, next, err)
	}
	if q := req.URL.Query(); q.Get("v") != "2" || q.Get("limit") != "2" || q.Get("cursor") != "c/1" {
		t.Errorf("asked for %s", req.URL)
	}
	if _, team, ok := list[0].Member("a-1"); !ok || team != "Red" {
		t.Errorf("member of %+v", list[0])
	}
	if _, team, ok := list[1].Member("a-2"); !ok || team != "A" || list[1].Members() != 1 {
		t.Errorf("member of %+v", list[1])
	}
}

func TestRESTErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   Error
	}{
		"coded":   {401, nil, `{"error":"Invalid token","code":"invalid_token","requestId":"r-1"}`, Error{Code: "invalid_token", Message: "Invalid token", Status: 401, RequestID: "r-1"}},
		"limited": {429, map[string]string{"Retry-After": "7"}, `{"error":"Slow down","code":"rate_limited"}`, Error{Code: "rate_limited", Message: "Slow down", Status: 429, RetryAfter: 7 * time.Second}},
		"garbage": {502, nil, `<html>`, Error{Code: CodeBadAnswer, Message: "Bad Gateway", Status: 502}},
		"empty":   {500, nil, ``, Error{Code: CodeBadAnswer, Message: "Internal Server Error", Status: 500}},
	} {
		t.Run(name, func(t *testing.T) {
			api, _, _ := serve(t, c.status, c.header, c.body)
			_, err := api.Me(t.Context(), "at")
			var got *Error
			if !errors.As(err, &got) || *got != c.want {
				t.Errorf("got %#v", err)
			}
		})
	}
	var file strings.Builder
	refusing, _, _ := serve(t, 409, nil, `{"error":"Not today","code":"refused_by_hook"}`)
	if err := refusing.Export(t.Context(), "at", &file); CodeOf(err) != "refused_by_hook" || file.Len() != 0 {
		t.Errorf("got %v, %s", err, file.String())
	}
	if err := refusing.Rpc(t.Context(), "at", "x", nil, nil); CodeOf(err) != "refused_by_hook" {
		t.Errorf("got %v", err)
	}
	api, _, _ := serve(t, 200, nil, `{"id":`)
	if _, err := api.Me(t.Context(), "at"); CodeOf(err) != CodeBadAnswer {
		t.Errorf("half an answer gave %v", err)
	}
}
