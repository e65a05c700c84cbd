package lobby

import (
	"fmt"
)

// broken names the first invariant that a lobby breaks, or returns nil. The
// property tests of the reducer and of the service ask it after every command.
func broken(l *Lobby, r *Rules) error {
	seen := map[string]bool{}
	members, humans, connected := l.Count()
	for t := range l.Teams {
		if l.Teams[t].Name != r.Teams[t].Name || l.Teams[t].Size != r.Teams[t].Size {
			return fmt.Errorf("team %d is not the config's", t)
		}
		if n := len(l.Teams[t].Players); n > l.Teams[t].Size {
			return fmt.Errorf("team %s has %d players, its size is %d", l.Teams[t].Name, n, l.Teams[t].Size)
		}
		for _, p := range l.Teams[t].Players {
			if seen[p.AccountID] {
				return fmt.Errorf("%s sits twice", p.AccountID)
			}
			seen[p.AccountID] = true
			switch {
			case p.Bot && (!p.Ready || !p.Connected):
				return fmt.Errorf("bot %s is not ready or not connected", p.AccountID)
			case p.Connected != p.AwayUntil.IsZero():
				return fmt.Errorf("%s: connected %v but away until %v", p.AccountID, p.Connected, p.AwayUntil)
			case l.State == Open && p.Ready && !p.Connected:
				return fmt.Errorf("%s is away and ready in an open lobby", p.AccountID)
			}
		}
	}
	owner, ok := l.Member(l.OwnerID)
	switch {
	case humans == 0:
		return fmt.Errorf("a lobby without a human lives")
	case members > l.MaxPlayers:
		return fmt.Errorf("%d members, at most %d", members, l.MaxPlayers)
	case !ok || owner.Bot:
		return fmt.Errorf("owner %q is no human member", l.OwnerID)
	case connected > 0 && !owner.Connected:
		return fmt.Errorf("owner %q is away while somebody is connected", l.OwnerID)
	case (l.State == Starting) != (l.Attempt != nil):
		return fmt.Errorf("state %s, attempt %v", l.State, l.Attempt)
	case (l.State == InMatch) != (l.Match != nil):
		return fmt.Errorf("state %s, match %v", l.State, l.Match)
	case l.State == Starting && members < r.MinPlayers:
		return fmt.Errorf("starting with %d members, at least %d", members, r.MinPlayers)
	case l.State != Open && !l.ReadyBy.IsZero():
		return fmt.Errorf("a ready clock runs in state %s", l.State)
	}
	return nil
}
