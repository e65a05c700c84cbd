package hook

import "fmt"

// Point is the name of an extension point, as in `points` of config.hcl.
type Point string

// Info is what the contract says about a point.
type Info struct {
	// Export is the name of the script export that serves it.
	Export string
	Kind   Kind
	// OnFailure is what happens by default when a hook fails.
	OnFailure Policy
	// MayRefuse says whether a refusal is an answer of this point; elsewhere it
	// counts as a failure.
	MayRefuse bool
	// Service and Method are the names of its gRPC service and method:
	// "muster.v1.Authenticator", "Authenticate".
	Service, Method string
	// Spread says that the fields of the request are the parameters, in their order;
	// else the request is the one parameter.
	Spread bool
	// Lone says that the only field of the response is the answer itself.
	Lone bool
}

// Kind says how the answers of several hooks of one point are put together.
type Kind string

// The kinds of points.
const (
	// Gate: all must agree, in the order of the config; each sees what those before
	// it changed.
	Gate Kind = "gate"
	// Decider: the first that answers decides.
	Decider Kind = "decider"
	// Amender: each in turn changes what the one before it gave.
	Amender Kind = "amender"
	// Observer: all are told after the fact; nobody waits.
	Observer Kind = "event"
	// Handler: one is called by its name.
	Handler Kind = "handler"
)

// Policy is what happens when a hook fails: an error that is no refusal, a panic,
// the deadline, an answer that breaks a rule.
type Policy string

// The policies, by their words in config.hcl.
const (
	// FailRefuse refuses what the player asked for.
	FailRefuse Policy = "refuse"
	// FailAllow goes on as if the hook were not there: the next is asked.
	FailAllow Policy = "allow"
	// FailBuiltin applies the built-in rule. Of a decider, no other hook is asked.
	FailBuiltin Policy = "builtin"
)

// ParsePoint returns the point with that name in config.hcl.
func ParsePoint(name string) (Point, error) {
	if _, ok := Point(name).Info(); !ok {
		return "", fmt.Errorf("there is no extension point %q", name)
	}
	return Point(name), nil
}

// ParsePolicy returns the policy with that name in config.hcl.
func ParsePolicy(name string) (Policy, error) {
	switch p := Policy(name); p {
	case FailRefuse, FailAllow, FailBuiltin:
		return p, nil
	}
	return "", fmt.Errorf("there is no policy %q: refuse, allow or builtin", name)
}

// ServedPoints returns the points that impl implements.
func ServedPoints(impl any) []Point {
	var points []Point
	for _, p := range Points() {
		if p.ServedBy(impl) {
			points = append(points, p)
		}
	}
	return points
}
