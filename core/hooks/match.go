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
	const point = hook.PointBalanceTeams
	for _, h := range r.serving(point) {
		impl, given := h.Impl.(hook.TeamBalancer), own(h, lobby)
		v := ask(ctx, r, h, point, nil, func(ctx context.Context) (*hook.Assignment, error) {
			a, err := impl.BalanceTeams(ctx, given)
			return own(h, a), err
		}, func(a *hook.Assignment) *failure { return checkAssignment(a, lobby) })
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
	const point = hook.PointValidateStart
	if !r.Serves(point) {
		return nil
	}
	known := membersOf(lobby)
	for _, h := range r.serving(point) {
		impl, given := h.Impl.(hook.StartValidator), own(h, lobby)
		v := ask(ctx, r, h, point, known, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, impl.ValidateStart(ctx, given)
		}, checkNothing)
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
	const point = hook.PointMatchPayload
	for _, h := range r.serving(point) {
		impl, l, given := h.Impl.(hook.PayloadAmender), own(h, lobby), own(h, payload)
		merged := payload
		v := ask(ctx, r, h, point, nil, func(ctx context.Context) (*hook.Payload, error) {
			p, err := impl.MatchPayload(ctx, l, given)
			return own(h, p), err
		}, func(p *hook.Payload) *failure {
			merged = mergePayload(payload, p)
			return checkPayload(p, merged)
		})
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
	const point = hook.PointMatchResult
	if !r.Serves(point) {
		return report, nil
	}
	known := membersOf(match.GetLobby())
	for _, h := range r.serving(point) {
		impl, m, given := h.Impl.(hook.ResultAmender), own(h, match), own(h, report)
		v := ask(ctx, r, h, point, known, func(ctx context.Context) (*hook.Report, error) {
			answer, err := impl.MatchResult(ctx, m, given)
			return own(h, answer), err
		}, func(answer *hook.Report) *failure { return checkReport(answer, match.GetLobby()) })
		if v.err != nil {
			return nil, v.err
		}
		if v.answered && v.value != nil {
			report = v.value
		}
	}
	return report, nil
}
