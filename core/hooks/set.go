package hooks

import (
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/muster-gg/muster/sdk/hook"
)

// set is the hooks of a game at one time. Nothing of it changes but who uses it.
type set struct {
	points   map[hook.Point][]*serving
	hooks    []*served
	queues   []*queue
	versions []string

	// users are the runner while this set is its current one, the calls (those left
	// behind too), the pins, and events on their way into a queue. When they are
	// gone the queues are closed.
	users count
	// rest are the users, all together, and what empties the queues.
	rest count
	// done is closed when the rest is gone.
	done chan struct{}
}

// served is a hook as the runner keeps it.
type served struct {
	Hook
	breakers *breakers
}

// same says that it is a hook of the same name, host and version.
func (h *served) same(as *served) bool {
	return h.Name == as.Name && h.Host == as.Host && h.Version == as.Version
}

// serving is a hook at one of its points.
type serving struct {
	*served
	point     hook.Point
	policy    hook.Policy
	mayRefuse bool
	// patient: the call takes as long as its caller waits.
	patient bool
	span    string
	start   trace.SpanStartOption
}

// newSet checks the hooks. It starts nothing.
func (r *Runner) newSet(hooks []Hook) (*set, error) {
	s := &set{points: map[hook.Point][]*serving{}, done: make(chan struct{})}
	names := map[string]bool{}
	for _, h := range hooks {
		if h.Name == "" || names[h.Name] {
			return nil, fmt.Errorf("hooks of game %s: every hook needs a name of its own, %q", r.game, h.Name)
		}
		names[h.Name] = true
		if err := s.add(r, h); err != nil {
			return nil, fmt.Errorf("hooks of game %s: %s: %w", r.game, h.Name, err)
		}
	}
	for _, h := range s.points[hook.PointEvents] {
		s.queues = append(s.queues, &queue{hook: h, events: make(chan *hook.Event, r.eventQueue)})
	}
	return s, nil
}

func (s *set) add(r *Runner, h Hook) error {
	if h.Points == nil {
		h.Points = hook.ServedPoints(h.Impl)
	}
	switch {
	case len(h.Points) == 0:
		return fmt.Errorf("it serves no extension point")
	case h.Timeout < 0:
		return fmt.Errorf("its timeout is negative")
	case h.Timeout == 0:
		h.Timeout = DefaultTimeout
	}
	one := &served{Hook: h, breakers: newBreakers(r, h)}
	s.hooks = append(s.hooks, one)
	s.versions = append(s.versions, h.Name+"@"+h.Version)
	for i, p := range h.Points {
		info, known := p.Info()
		switch {
		case !known:
			return fmt.Errorf("there is no extension point %q", p)
		case !p.ServedBy(h.Impl):
			return fmt.Errorf("it does not serve %s", p)
		case slices.Contains(h.Points[:i], p):
			return fmt.Errorf("%s is named twice", p)
		}
		at := &serving{
			served: one, point: p, policy: info.OnFailure, mayRefuse: info.MayRefuse,
			patient: p == hook.PointAllocate || p == hook.PointRelease,
			span:    "hook " + string(p),
			start: trace.WithAttributes(
				attribute.String("muster.game", r.game), attribute.String("muster.point", string(p)),
				attribute.String("muster.hook", h.Name), attribute.String("muster.host", h.Host),
				attribute.String("muster.version", h.Version),
			),
		}
		if policy, set := h.OnFailure[p]; set {
			at.policy = policy
		}
		s.points[p] = append(s.points[p], at)
	}
	for p, policy := range h.OnFailure {
		if _, err := hook.ParsePolicy(string(policy)); err != nil {
			return err
		}
		if !slices.Contains(h.Points, p) {
			return fmt.Errorf("it has a policy for %s, which it does not serve", p)
		}
	}
	return nil
}

// named returns the hook of that name if it serves p.
func (s *set) named(name string, p hook.Point) *serving {
	for _, h := range s.points[p] {
		if h.Name == name {
			return h
		}
	}
	return nil
}
