package hooks

import (
	"context"
	"maps"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// BalanceTeams asks the balance_teams deciders and returns the first assignment,
// in which every member of the lobby stands once and no team is over its size; nil
// leaves everybody where he is. Errors are those of BeforeLobbyCreate but for
// ErrRefused.
func (r *Runner) BalanceTeams(ctx context.Context, lobby *hook.Lobby) (*hook.Assignment, error) {
	s, err := r.enter(ctx, hook.PointBalanceTeams)
	if s == nil {
		return nil, err
	}
	defer s.users.out()
	for _, h := range s.points[hook.PointBalanceTeams] {
		impl, given := h.Impl.(hook.TeamBalancer), own(h, lobby)
		v := (&job[*hook.Assignment]{
			r: r, h: h, users: &s.users,
			call: func(ctx context.Context) (*hook.Assignment, error) {
				a, err := impl.BalanceTeams(ctx, given)
				return taken(h, a), err
			},
			check: func(a *hook.Assignment) *failure { return checkAssignment(a, lobby) },
		}).ask(ctx)
		if v.err != nil || v.builtin || v.value != nil {
			return v.value, v.err
		}
	}
	return nil, nil
}

// ValidateStart asks the validate_start gates in their order; nil when all agree.
// Errors are those of BeforeLobbyCreate; hook.AsRefusal finds the reasons for
// single players in ErrRefused.
func (r *Runner) ValidateStart(ctx context.Context, lobby *hook.Lobby) error {
	s, err := r.enter(ctx, hook.PointValidateStart)
	if s == nil {
		return err
	}
	defer s.users.out()
	for _, h := range s.points[hook.PointValidateStart] {
		impl, given := h.Impl.(hook.StartValidator), own(h, lobby)
		v := (&job[struct{}]{
			r: r, h: h, users: &s.users, known: knowing(lobby), check: checkNothing,
			call: func(ctx context.Context) (struct{}, error) { return struct{}{}, impl.ValidateStart(ctx, given) },
		}).ask(ctx)
		if v.err != nil {
			return v.err
		}
	}
	return nil
}

// MatchPayload gives the payload to each match_payload amender in turn and returns
// what came out: keys were added, none of them the platform's own; whether the
// provider exists is for the caller to check. Errors are those of
// BeforeLobbyCreate but for ErrRefused.
func (r *Runner) MatchPayload(ctx context.Context, lobby *hook.Lobby, payload *hook.Payload) (*hook.Payload, error) {
	s, err := r.enter(ctx, hook.PointMatchPayload)
	if s == nil {
		return payload, err
	}
	defer s.users.out()
	for _, h := range s.points[hook.PointMatchPayload] {
		impl, l, given := h.Impl.(hook.PayloadAmender), own(h, lobby), own(h, payload)
		merged := payload
		v := (&job[*hook.Payload]{
			r: r, h: h, users: &s.users,
			call: func(ctx context.Context) (*hook.Payload, error) {
				p, err := impl.MatchPayload(ctx, l, given)
				return taken(h, p), err
			},
			check: func(p *hook.Payload) *failure {
				merged = mergePayload(payload, p)
				return checkPayload(p, merged)
			},
		}).ask(ctx)
		if v.err != nil {
			return nil, v.err
		}
		if v.answered {
			payload = merged
		}
	}
	return payload, nil
}

// mergePayload adds what a hook answered to what was there.
func mergePayload(was, added *hook.Payload) *hook.Payload {
	if added == nil {
		return was
	}
	sum := proto.CloneOf(was)
	if sum == nil {
		sum = &hook.Payload{}
	}
	if sum.Keys == nil {
		sum.Keys = added.GetKeys()
	} else {
		maps.Copy(sum.Keys, added.GetKeys())
	}
	if added.GetRegion() != "" {
		sum.Region = added.GetRegion()
	}
	if added.GetProvider() != "" {
		sum.Provider = added.GetProvider()
	}
	return sum
}

// MatchResult gives the report to each match_result amender in turn and returns
// what came out, whole and consistent with the match. Errors are those of
// BeforeLobbyCreate.
func (r *Runner) MatchResult(ctx context.Context, match *hook.Match, report *hook.Report) (*hook.Report, error) {
	s, err := r.enter(ctx, hook.PointMatchResult)
	if s == nil {
		return report, err
	}
	defer s.users.out()
	for _, h := range s.points[hook.PointMatchResult] {
		impl, m, given := h.Impl.(hook.ResultAmender), own(h, match), own(h, report)
		v := (&job[*hook.Report]{
			r: r, h: h, users: &s.users, known: knowing(match.GetLobby()),
			call: func(ctx context.Context) (*hook.Report, error) {
				answer, err := impl.MatchResult(ctx, m, given)
				return taken(h, answer), err
			},
			check: func(answer *hook.Report) *failure { return checkReport(answer, match.GetLobby()) },
		}).ask(ctx)
		if v.err != nil {
			return nil, v.err
		}
		if v.value != nil {
			report = v.value
		}
	}
	return report, nil
}
