package gameflowtest

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
)

// Unsteady answers calls with the behaviours that decide chooses for call n (from 0) and
// h with those that are good. A behaviour that has made something lets h do its work
// and keeps h's answer back.
func Unsteady(h http.Handler, decide func(n int) Behaviour) http.Handler {
	var calls atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := decide(int(calls.Add(1) - 1))
		good := b.good() && !b.Half && !b.Made
		if b.makes() && !good {
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		if !b.wait(r.Context()) {
			panic(http.ErrAbortHandler)
		}
		if good {
			h.ServeHTTP(w, r)
			return
		}
		b.answer(w, Made{})
	})
}
