package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

const (
	// maxRecordWait is how long one request may record.
	maxRecordWait = 10 * time.Minute
	// recordWrite is how long the client may take to read one recording.
	recordWrite = 30 * time.Second
)

// newHookRoutes answers `muster hooks record` on the admin listener:
//
//	POST /hooks/record?game=&point=&rpc=&count=&errors=&wait=
//
// The answer begins when the recording does, has a recording a line, and ends when
// there are count of them, after wait, or when the client goes away. end ends all
// that are under way. Requests of browsers from other origins are refused.
func newHookRoutes(h *hosts.Hosts) (_ http.Handler, end func()) {
	life, end := context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/record", func(w http.ResponseWriter, r *http.Request) {
		what, wait, err := recorded(r.URL.Query())
		if err != nil {
			writeJSON(w, http.StatusBadRequest, problemBody{err.Error(), "invalid_field"})
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), wait)
		defer cancel()
		defer context.AfterFunc(life, cancel)()
		record(ctx, w, h, what)
	})
	return http.NewCrossOriginProtection().Handler(mux), end
}

// record writes recordings until ctx ends.
func record(ctx context.Context, w http.ResponseWriter, h *hosts.Hosts, what hosts.Recorded) {
	c := http.NewResponseController(w)
	begun := func() {
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
		_ = c.Flush() // an error means that the client has gone, which ends ctx
	}
	err := h.Record(ctx, what, begun, func(r *script.Recording) error {
		line, err := r.Encode()
		if err == nil {
			err = c.SetWriteDeadline(time.Now().Add(recordWrite))
		}
		if err == nil {
			_, err = w.Write(line)
		}
		if err == nil {
			err = c.Flush()
		}
		return err
	})
	switch {
	case errors.Is(err, hosts.ErrNoGame):
		writeJSON(w, http.StatusNotFound, problemBody{err.Error(), "not_found"})
	case errors.Is(err, hosts.ErrNoScript):
		writeJSON(w, http.StatusConflict, problemBody{err.Error(), "no_script"})
	case errors.Is(err, hosts.ErrManyRecorded):
		writeJSON(w, http.StatusTooManyRequests, problemBody{err.Error(), "too_many"})
	case err != nil:
		panic(http.ErrAbortHandler) // the client shall not take what it got for all
	}
}

// recorded reads what to record.
func recorded(q url.Values) (hosts.Recorded, time.Duration, error) {
	what := hosts.Recorded{Game: q.Get("game"), Rpc: q.Get("rpc"), Count: 1, Errors: q.Get("errors") == "true"}
	var err error
	if name := q.Get("point"); name != "" {
		if what.Point, err = hook.ParsePoint(name); err != nil {
			return what, 0, err
		}
	}
	if what.Rpc != "" && what.Point != "" && what.Point != hook.PointRpc {
		return what, 0, errors.New("rpc names a function of the point rpc")
	}
	if text := q.Get("count"); text != "" {
		what.Count, err = strconv.Atoi(text)
	}
	if err != nil || what.Count < 1 || what.Count > hosts.MaxRecorded {
		return what, 0, errors.New("count is 1 to " + strconv.Itoa(hosts.MaxRecorded))
	}
	wait := time.Minute
	if text := q.Get("wait"); text != "" {
		wait, err = time.ParseDuration(text)
	}
	if err != nil || wait <= 0 || wait > maxRecordWait {
		return what, 0, errors.New("wait is a time of up to " + maxRecordWait.String())
	}
	return what, wait, nil
}
