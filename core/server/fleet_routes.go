package server

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/muster-gg/muster/core/allocation/local"
)

const (
	// tailUsual is how much of a log is shown when nothing is asked for.
	tailUsual = 64 << 10
	// tailMost is all that there can be of one.
	tailMost = 16 << 20
	// logWrite is how long the client may take to read a part of a log.
	logWrite = 30 * time.Second
)

// serverBody is a game server of a local fleet, as the admin listener shows it.
type serverBody struct {
	Game     string         `json:"game"`
	Provider string         `json:"provider"`
	ID       string         `json:"id"`
	MatchID  string         `json:"matchId,omitempty"`
	State    string         `json:"state"`
	Ending   bool           `json:"ending,omitempty"`
	PID      int            `json:"pid,omitempty"`
	Ports    map[string]int `json:"ports,omitempty"`
	Players  int            `json:"players"`
	Started  int64          `json:"startedAt"`
}

// newFleetRoutes shows the game servers of this machine on the admin listener:
//
//	GET /servers                                all, as an array of serverBody
//	GET /servers/{game}/{id}/log?bytes=&follow= the end of what one printed; id is its own or its match's
//
// With follow=true the answer goes on with what the server prints, until the server
// is gone or the client is. end ends all answers that go on.
func newFleetRoutes(games []*game) (_ http.Handler, end func()) {
	life, end := context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /servers", func(w http.ResponseWriter, _ *http.Request) {
		list := []serverBody{}
		for _, g := range games {
			for _, name := range g.providers.names {
				if f := g.providers.local[name]; f != nil {
					list = append(list, serversOf(g.config.Name, name, f)...)
				}
			}
		}
		writeJSON(w, http.StatusOK, list)
	})
	mux.HandleFunc("GET /servers/{game}/{id}/log", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(life, cancel)()
		serveLog(ctx, w, r, games)
	})
	return mux, end
}

func serversOf(game, provider string, f *local.Fleet) (list []serverBody) {
	for _, s := range f.Servers() {
		list = append(list, serverBody{
			Game: game, Provider: provider, ID: s.ID, MatchID: s.MatchID, State: s.State, Ending: s.Ending,
			PID: s.PID, Ports: s.Ports, Players: s.Players, Started: s.Started.UnixMilli(),
		})
	}
	return list
}

// serveLog answers with the log of a server of any fleet of a game: the one that has
// it now knows where it is, and all know where those of former ones are.
func serveLog(ctx context.Context, w http.ResponseWriter, r *http.Request, games []*game) {
	q, most := r.URL.Query(), int64(tailUsual)
	if text := q.Get("bytes"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 || n > tailMost {
			writeJSON(w, http.StatusBadRequest, problemBody{"bytes is 1 to " + strconv.Itoa(tailMost), "invalid_field"})
			return
		}
		most = n
	}
	out := &logWriter{w: w, control: http.NewResponseController(w)}
	err := fs.ErrNotExist
	if i := slices.IndexFunc(games, func(g *game) bool { return g.config.Name == r.PathValue("game") }); i >= 0 {
		for _, f := range games[i].providers.local {
			if err = readLog(ctx, f, r.PathValue("id"), most, q.Get("follow") == "true", out.write); !errors.Is(err, fs.ErrNotExist) {
				break
			}
		}
	}
	switch {
	case err == nil || out.begun: // an error then means that the client has gone, or is to go
	case errors.Is(err, fs.ErrNotExist):
		writeJSON(w, http.StatusNotFound, problemBody{"there is no log of such a server", "not_found"})
	case errors.Is(err, local.ErrManyFollow):
		writeJSON(w, http.StatusTooManyRequests, problemBody{err.Error(), "too_many"})
	case ctx.Err() == nil:
		writeJSON(w, http.StatusInternalServerError, problemBody{err.Error(), "internal"})
	}
}

func readLog(ctx context.Context, f *local.Fleet, id string, most int64, follow bool, write func([]byte) error) error {
	if follow {
		return f.Follow(ctx, id, most, write)
	}
	text, err := f.Tail(id, most)
	if err != nil {
		return err
	}
	return write(text)
}

// logWriter sends a log as it comes.
type logWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (l *logWriter) write(text []byte) error {
	if !l.begun {
		l.begun = true
		h := l.w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff") // a game server may print what players send
		h.Set("Cache-Control", "no-store")
	}
	if err := l.control.SetWriteDeadline(time.Now().Add(logWrite)); err != nil {
		return err
	}
	if _, err := l.w.Write(text); err != nil {
		return err
	}
	return l.control.Flush()
}
