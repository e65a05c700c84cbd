// Package native hosts hooks that are built into the server: Go values behind the
// same interfaces as scripts and plugin processes, in the same order and under the
// same deadlines and checks.
package native

import (
	"errors"
	"fmt"
	"slices"

	"github.com/muster-gg/muster/sdk/hook"
)

// Host is the name of this host in logs and metrics.
const Host = "native"

// Hook is a Go value that serves extension points. It is immutable.
type Hook struct {
	name, version string
	impl          any
	points        []hook.Point
}

// New wraps impl, which implements one or more interfaces of sdk/hook and may be
// called from many goroutines at once. name is what the game's config, logs and
// metrics call it; version says which one of it runs.
func New(name, version string, impl any) (*Hook, error) {
	if name == "" || version == "" {
		return nil, errors.New("native: a hook needs a name and a version")
	}
	points := hook.ServedPoints(impl)
	if len(points) == 0 {
		return nil, fmt.Errorf("native: %s: %T serves no extension point", name, impl)
	}
	return &Hook{name, version, impl, points}, nil
}

// Name is what the hook is called.
func (h *Hook) Name() string { return h.name }

// Version says which version of the hook runs.
func (h *Hook) Version() string { return h.version }

// Impl is the value that serves the points.
func (h *Hook) Impl() any { return h.impl }

// Points are those that the value serves.
func (h *Hook) Points() []hook.Point { return slices.Clone(h.points) }
