package gameserver

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// standalone answers in the sidecar's place when there is none.
type standalone struct {
	capacity int

	mu     sync.Mutex
	server GameServer
	ids    []string
	turned chan struct{} // closed and replaced at every change
}

// newStandalone tracks GAMEFLOW_MAX_PLAYERS players, without a bound if that is not set.
func newStandalone(o Options) *standalone {
	capacity, err := strconv.Atoi(o.Getenv("GAMEFLOW_MAX_PLAYERS"))
	if err != nil {
		capacity = 0
	}
	h := &standalone{capacity: capacity, turned: make(chan struct{})}
	h.server = GameServer{Name: "local", State: "Scheduled", Address: "127.0.0.1", Annotations: map[string]string{}}
	if len(o.LocalPayload) > 0 {
		h.server.Annotations[PayloadAnnotation] = string(o.LocalPayload)
	}
	return h
}

func (h *standalone) set(state string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.server.State = state
	close(h.turned)
	h.turned = make(chan struct{})
	return nil
}

func (h *standalone) ready(context.Context) error    { return h.set("Ready") }
func (h *standalone) health(context.Context) error   { return nil }
func (h *standalone) shutdown(context.Context) error { return h.set("Shutdown") }

func (h *standalone) gameServer(context.Context) (GameServer, error) {
	g, _ := h.now()
	return g, nil
}

func (h *standalone) now() (g GameServer, turned <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g = h.server
	g.Annotations = maps.Clone(g.Annotations)
	return g, h.turned
}

func (h *standalone) watch(ctx context.Context, fn func(GameServer) bool) error {
	for {
		g, turned := h.now()
		if !fn(g) {
			return nil
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *standalone) addPlayer(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case slices.Contains(h.ids, id):
		return ErrAlreadyConnected
	case h.capacity > 0 && len(h.ids) >= h.capacity:
		return ErrFull
	}
	h.ids = append(h.ids, id)
	return nil
}

func (h *standalone) removePlayer(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.Index(h.ids, id)
	if i < 0 {
		return ErrNotConnected
	}
	h.ids = slices.Delete(h.ids, i, i+1)
	return nil
}

func (h *standalone) players(context.Context) (List, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return List{Capacity: int64(h.capacity), Values: slices.Clone(h.ids)}, nil
}
