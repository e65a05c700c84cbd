package gameflowtest

import (
	"errors"
	"net/http"
	"net/http/httptest"
)

// Direct calls a handler without a network, so that a false clock may run.
type Direct struct{ Handler http.Handler }

var errBroken = errors.New("the connection broke")

// RoundTrip implements http.RoundTripper. It returns when the handler does, which
// must end with the request's context.
func (d Direct) RoundTrip(r *http.Request) (res *http.Response, err error) {
	rec := httptest.NewRecorder()
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
		if r.Context().Err() != nil {
			res, err = nil, r.Context().Err()
		} else if p != nil {
			res, err = nil, errBroken
		}
	}()
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	d.Handler.ServeHTTP(rec, r)
	return rec.Result(), nil
}
