package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
)

// maxAnswer is how much of an answer is read: it may repeat all annotations.
const maxAnswer = 1 << 20

// none says that surely no server was allocated: the next provider may be tried.
func none(format string, args ...any) error {
	return hook.Refuse("agones: "+fmt.Errorf(format, args...).Error(), nil)
}

// unknown says that a server may be allocated now.
func unknown(format string, args ...any) error {
	return hook.Unreachable(fmt.Errorf("agones: "+format, args...))
}

// Allocate has Agones allocate a server. It asks once; where the clusters can be
// asked, they say what became of a call whose answer was lost.
func (a *agones) Allocate(ctx context.Context, r *hook.AllocateRequest) (*hook.Server, error) {
	ctx, cancel := a.whole(ctx)
	defer cancel()
	got, answered, err := a.call(ctx, r)
	refusal, is := hook.AsRefusal(err)
	switch {
	case err == nil || len(a.clusters) == 0:
	case !is:
		got, err = a.ask(ctx, r, a.Settle, errors.Unwrap(err))
	case answered && a.MultiCluster:
		// It is the word of the cluster that was asked last: an answer of one before
		// may be lost.
		got, err = a.ask(ctx, r, min(a.Settle, ownWork), errors.New(refusal.GetReason()))
	}
	if err != nil {
		return nil, err
	}
	port, found := got.port(a.PortName)
	if !found {
		return nil, unknown("server %s has no port %q", got.Name, a.PortName)
	}
	a.Log(ctx).Info("allocated", "match", r.GetMatchId(), "server", got.Name, "node", got.Node, "source", got.Source)
	return &hook.Server{Name: got.Name, Address: got.Address, Port: port}, nil
}

// ownWork is how long one allocator takes for what it does not send on to others.
const ownWork = 5 * time.Second

// call makes the one call of an allocation, and says whether it was answered.
func (a *agones) call(ctx context.Context, r *hook.AllocateRequest) (got *answer, answered bool, err error) {
	body, err := a.body(r)
	if err != nil {
		return nil, false, none("%w", err)
	}
	ctx, cancel := web.Within(ctx, a.Timeout)
	defer cancel()
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, connection(&connected))
	request, err := http.NewRequestWithContext(traced, http.MethodPost, a.URL+"/gameserverallocation", bytes.NewReader(body))
	if err != nil {
		return nil, false, none("the address is not valid")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	client, stale := a.allocator.client(strings.HasPrefix(a.URL, "https:"))
	if stale != nil {
		a.Log(ctx).Warn("the certificates cannot be read: the last ones stay in use", "error", stale.Error())
	}
	response, err := client.Do(request)
	switch {
	case err != nil && (!connected.Load() || refusedCert(err)):
		return nil, false, none("not connected: %w", bare(err))
	case err != nil:
		return nil, false, unknown("the call was cut: %w", plain(bare(err)))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if response.StatusCode != http.StatusOK {
		return nil, true, refused(response.StatusCode, text, r.GetPayload())
	}
	switch {
	case err != nil:
		return nil, true, unknown("the answer was cut: %w", plain(err))
	case len(text) > maxAnswer:
		return nil, true, unknown("the answer is over %d bytes", maxAnswer)
	}
	if got, err = decode(text); err != nil {
		return nil, true, unknown("%w", err)
	}
	return got, true, nil
}

// plain keeps an error from quoting what the service sent.
func plain(err error) error {
	if said, _, quotes := strings.Cut(err.Error(), `"`); quotes {
		return errors.New(strings.TrimRight(said, " :"))
	}
	return err
}
