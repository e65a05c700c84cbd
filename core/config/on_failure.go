package config

import (
	"fmt"
	"slices"

	"github.com/muster-gg/muster/sdk/hook"
)

const onFailureHelp = `It is "refuse", "allow" or "builtin", or a map: { balance_teams = "builtin" }.`

// onFailure reads the policies of a block that may serve these points: one word
// for all, or a map from points to words. Nil: the file says nothing.
func (s *section) onFailure(may []string) map[string]string {
	const name = "on_failure"
	v := s.value(name)
	if v == nil {
		return nil
	}
	if !v.isMap() {
		word, bad := policy(v)
		if bad != nil {
			s.misfit(name, v, bad)
			return nil
		}
		all := map[string]string{}
		for _, p := range may {
			all[p] = word
		}
		return all
	}
	all := map[string]string{}
	for _, i := range v.items() {
		if bad := s.policyPoint(i.key, may); bad != nil {
			s.misfit(name, &value{at: i.keyAt}, bad)
			continue
		}
		word, bad := policy(i.value)
		if bad != nil {
			s.misfit(name+"."+i.key, i.value, bad)
			continue
		}
		all[i.key] = word
	}
	return all
}

// policy parses what happens when a hook fails.
func policy(v *value) (string, *misfit) {
	word, bad := oneOf(string(hook.FailRefuse), string(hook.FailAllow), string(hook.FailBuiltin))(v)
	if bad != nil && bad.hint == "" {
		bad.help = onFailureHelp
	}
	return word, bad
}

// policyPoint says why a point cannot have a policy in this block; nil: it can.
func (s *section) policyPoint(name string, may []string) *misfit {
	p, bad := point(name)
	switch {
	case bad != nil && bad.hint != "":
		bad.hint = bad.hint[1 : len(bad.hint)-1] // a key has no quotes
		return bad
	case bad != nil:
		return bad
	case !slices.Contains(may, p):
		return &misfit{is: "is not among the points of this block", help: fmt.Sprintf("It has %s.", list(quoted(may), "and"))}
	}
	return nil
}
