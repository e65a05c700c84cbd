package hooks

import (
	"context"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/sdk/hook"
)

// Allocate asks the hook of that name for a server, for as long as ctx lasts. An
// error with a hook.RefusalError in its chain (see hook.AsRefusal) says that
// surely no server was made: the hook says so, or the call never reached it. Every
// other error leaves that open.
func (r *Runner) Allocate(ctx context.Context, name string, request *hook.AllocateRequest) (*hook.Server, error) {
	h, s, err := r.enterNamed(ctx, name, hook.PointAllocate)
	if err != nil {
		return nil, err
	}
	defer s.users.out()
	impl, given := h.Impl.(hook.Allocator), own(h, request)
	v := (&job[*hook.Server]{
		r: r, h: h, users: &s.users,
		call: func(ctx context.Context) (*hook.Server, error) {
			server, err := impl.Allocate(ctx, given)
			return taken(h, server), err
		},
		check: checkServer,
	}).ask(ctx)
	switch f := v.failed; {
	case f == nil:
		return v.value, v.err
	case f.notBegun():
		return nil, f.fault().With(&notCalled{f})
	default:
		return nil, f.fault()
	}
}

// Release asks the hook of that name to end a server, for as long as ctx lasts.
// Its errors are those of Allocate.
func (r *Runner) Release(ctx context.Context, name string, request *hook.ReleaseRequest) error {
	h, s, err := r.enterNamed(ctx, name, hook.PointRelease)
	if err != nil {
		return err
	}
	defer s.users.out()
	impl, given := h.Impl.(hook.Releaser), own(h, request)
	v := (&job[struct{}]{
		r: r, h: h, users: &s.users, check: checkNothing,
		call: func(ctx context.Context) (struct{}, error) { return struct{}{}, impl.Release(ctx, given) },
	}).ask(ctx)
	if v.failed != nil {
		return v.failed.fault()
	}
	return v.err
}

// Releases reports whether the hook of that name can be asked to end a server.
func (r *Runner) Releases(name string) bool {
	return r != nil && r.current.Load().named(name, hook.PointRelease) != nil
}

// enterNamed is enter for the one hook of that name. Its errors are those of a
// call that never reached the hook.
func (r *Runner) enterNamed(ctx context.Context, name string, p hook.Point) (*serving, *set, error) {
	s, err := r.enter(ctx, p)
	if err != nil {
		return nil, nil, ErrUnavailable.With(&notCalled{err})
	}
	if s != nil {
		if h := s.named(name, p); h != nil {
			return h, s, nil
		}
		s.users.out()
	}
	return nil, nil, ErrUnavailable.With(&notCalled{broken("no_hook", "no hook %q serves %s", name, p)})
}

// notCalled is why a call did not reach its hook. It counts as a refusal: nothing
// can have come of it.
type notCalled struct{ cause error }

func (n *notCalled) Error() string { return n.cause.Error() }

// Unwrap gives the cause, and the refusal that it amounts to.
func (n *notCalled) Unwrap() []error { return []error{n.cause, hook.Refuse(ErrUnavailable.Text, nil)} }

func checkServer(server *hook.Server) *failure {
	if server == nil {
		return &failure{code: codeNoAnswer}
	}
	if f := checkText("name", server.GetName(), maxServerName); f != nil {
		return f
	}
	told := allocation.Server{Name: server.GetName(), Address: server.GetAddress(), Port: int(server.GetPort())}
	if err := told.Validate(); err != nil {
		return broken("bad_server", "%w", err)
	}
	return nil
}
