package transport

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/wire"
)

// maxListed is how many lobbies one answer has at most.
const maxListed = 1000

// getLobbies is GET /lobbies.
func (s *Server) getLobbies(w http.ResponseWriter, r *http.Request, m matched) error {
	if _, err := m.game.authenticate(r); err != nil {
		return err
	}
	query := r.URL.Query()
	level := levelOf(query)
	limit := maxListed
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxListed {
			return errInvalidField.About("limit must be 1 to %d", maxListed)
		}
		limit = n
	}
	var after cursor
	if text := query.Get("cursor"); text != "" {
		var ok bool
		if after, ok = parseCursor(text); !ok {
			return errInvalidField.About("cursor is not one that this server gave")
		}
	}
	list, generation, err := m.game.Lobbies.Listed(r.Context())
	if err != nil {
		return err
	}
	page, rest := list, false
	if after != (cursor{}) {
		from, _ := slices.BinarySearchFunc(page, after, func(s lobby.Snapshot, c cursor) int {
			if order := c.compare(s.Lobby); order != 0 {
				return order
			}
			return -1 // the entry that the cursor names comes before what it leads to
		})
		page = page[from:]
	}
	if len(page) > limit {
		page, rest = page[:limit], true
	}
	if rest {
		last := page[len(page)-1].Lobby
		next := url.Values{"limit": {strconv.Itoa(limit)}, "cursor": {cursorOf(last).String()}}
		if level == wire.Level2 {
			next.Set("v", "2")
		}
		w.Header().Set("Link", "<"+r.URL.EscapedPath()+"?"+next.Encode()+`>; rel="next"`)
	}
	if after == (cursor{}) && limit == maxListed {
		writeBody(w, http.StatusOK, m.game.list.whole(page, generation, level))
	} else {
		writeBody(w, http.StatusOK, m.game.list.some(page, level))
	}
	return nil
}

// levelOf is the protocol level that a query asks for.
func levelOf(query url.Values) int {
	if query.Get("v") == "2" {
		return wire.Level2
	}
	return wire.Level1
}

// cursor names the last lobby of a page by what the list is sorted by: newest
// first, then by id.
type cursor struct {
	created int64 // ns since 1970
	id      string
}

func cursorOf(l *lobby.Lobby) cursor { return cursor{l.CreatedAt.UnixNano(), l.ID} }

// String is how clients see a cursor.
func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.created, 36) + "." + c.id))
}

func parseCursor(text string) (cursor, bool) {
	if len(text) > 256 {
		return cursor{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return cursor{}, false
	}
	created, id, ok := strings.Cut(string(b), ".")
	n, err := strconv.ParseInt(created, 36, 64)
	if !ok || err != nil || id == "" {
		return cursor{}, false
	}
	return cursor{n, id}, true
}

// compare is negative when l comes before c in the list.
func (c cursor) compare(l *lobby.Lobby) int {
	return cmp.Or(cmp.Compare(c.created, l.CreatedAt.UnixNano()), cmp.Compare(l.ID, c.id))
}

// lobbyList keeps the answer to GET /lobbies, built once for each change and
// level, out of lobbies that are each encoded once for each version and level.
type lobbyList struct {
	levels [2]encodedList
}

type encodedList struct {
	mu         sync.Mutex
	built      bool
	generation uint64
	body       []byte
	fragments  map[string]fragment // by lobby id, those of the list of generation
}

type fragment struct {
	version uint64
	text    []byte
}

func (l *lobbyList) level(level int) *encodedList {
	if level == wire.Level2 {
		return &l.levels[1]
	}
	return &l.levels[0]
}

// whole is the answer without limit and cursor, as it was at generation.
func (l *lobbyList) whole(list []lobby.Snapshot, generation uint64, level int) []byte {
	e := l.level(level)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.built && e.generation == generation {
		return e.body
	}
	fragments := make(map[string]fragment, len(list))
	encoded := make([][]byte, len(list))
	size := 2
	for i, s := range list {
		f := e.fragment(s, level)
		fragments[s.Lobby.ID] = f
		encoded[i] = f.text
		size += len(f.text) + 1
	}
	body := wire.AppendList(make([]byte, 0, size), encoded)
	if !e.built || generation > e.generation { // a late caller must not bring back an older list
		e.built, e.generation, e.body, e.fragments = true, generation, body, fragments
	}
	return body
}

// some is the answer with a part of the list.
func (l *lobbyList) some(page []lobby.Snapshot, level int) []byte {
	e := l.level(level)
	e.mu.Lock()
	defer e.mu.Unlock()
	encoded := make([][]byte, len(page))
	for i, s := range page {
		encoded[i] = e.fragment(s, level).text
	}
	return wire.AppendList(nil, encoded)
}

func (e *encodedList) fragment(s lobby.Snapshot, level int) fragment {
	if f, ok := e.fragments[s.Lobby.ID]; ok && f.version == s.Version {
		return f
	}
	return fragment{s.Version, wireLobby(s, !s.Lobby.IsPrivate).Append(nil, level)}
}
