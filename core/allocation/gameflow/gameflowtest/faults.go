package gameflowtest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Faults are the ways in which a call goes wrong at once, each kind by a name of
// its own.
func Faults() []Behaviour {
	kinds := []Behaviour{CutBefore(), Cut(), HalfBody(), HugeBody(1 << 20)}
	for _, status := range []int{400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504} {
		kinds = append(kinds, Status(status))
	}
	for _, status := range []int{202, 307, 408, 500, 502} {
		kinds = append(kinds, Lost(status))
	}
	for name, after := range map[string]string{"limited now": "0", "limited long": "60", "limited soon": "soon"} {
		b := RateLimited(after)
		b.Name = name
		kinds = append(kinds, b)
	}
	for name, body := range map[string]string{
		"garbage":     `<html>not found</html>`,
		"empty":       ``,
		"no server":   `{}`,
		"port 0":      `{"server":{"name":"gs","address":"203.0.113.1","port":0}}`,
		"no address":  `{"server":{"name":"gs","port":7777}}`,
		"bad address": `{"server":{"name":"gs","address":"0.0.0.0","port":7777}}`,
		"wrong types": `{"server":{"name":7,"address":["203.0.113.1"],"port":{}}}`,
	} {
		b := Garbage(body)
		b.Name = name
		kinds = append(kinds, b)
	}
	return sorted(kinds)
}

// Late answers only when no caller waits any more: its time for the server and a
// good while.
func Late() Behaviour {
	return Behaviour{Name: "late", Delay: 10 * time.Minute, Made: true}
}

// Mixed chooses behaviours for Options.Decide: a share (0 to 1) of the calls is answered with
// faults, all kinds alike, the rest with good. Which call has which follows from seed alone.
func Mixed(seed uint64, share float64, faults []Behaviour, good ...Behaviour) func(n int, c Call) Behaviour {
	if len(good) == 0 {
		good = []Behaviour{OK()}
	}
	begin := rand.New(rand.NewPCG(seed, 0)).Float64()
	return func(n int, _ Call) Behaviour {
		before, now := int(float64(n)*share+begin), int(float64(n+1)*share+begin)
		if before == now || len(faults) == 0 {
			return pick(seed, 1, n-before, good)
		}
		return pick(seed, 2, before, faults)
	}
}

// pick is number n of a row in which every round has each of the kinds once.
func pick(seed, row uint64, n int, kinds []Behaviour) Behaviour {
	round := rand.New(rand.NewPCG(seed, row<<32|uint64(n/len(kinds))))
	return kinds[round.Perm(len(kinds))[n%len(kinds)]]
}

func sorted(kinds []Behaviour) []Behaviour {
	slices.SortFunc(kinds, func(a, b Behaviour) int { return strings.Compare(a.Name, b.Name) })
	return kinds
}
