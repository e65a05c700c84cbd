package server_test

import (
	"context"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/sdk/hook"
)

// afar is a rule that has lobbies of a name play far away.
type afar struct{}

func (afar) MatchPayload(_ context.Context, l *hook.Lobby, _ *hook.Payload) (*hook.Payload, error) {
	if l.GetName() == "afar" {
		return &hook.Payload{Region: "ap-south"}, nil
	}
	return &hook.Payload{}, nil
}

// TestRegionOfAStart: a hook has the last word, then what was asked for counts, then
// where the player who is farthest is nearest, then the default.
func TestRegionOfAStart(t *testing.T) {
	t.Parallel()
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "the-key-of-the-platform"})
	defer platform.Close()
	rules, err := native.New("afar", "1", afar{})
	must(t, err)
	node := startRuledNode(t, queueGame(platform.URL), map[string][]*native.Hook{"arena": {rules}})
	w := &world{t: t, platform: platform, url: node.PublicURL()}
	region := func(name, ask string, measured ...string) string {
		t.Helper()
		players := []*peer{w.peer("ann"), w.peer("bob")}
		code := players[0].does(`{"type":"lobby:create","name":%q}`, name).at("lobby", "code")
		players[1].does(`{"type":"lobby:join","code":%q}`, code)
		players[0].does(`{"type":"lobby:fill-bots","perTeam":2}`)
		for i, p := range players {
			if i < len(measured) {
				p.does(`{"type":"latency","regions":%s}`, measured[i])
			}
			p.does(`{"type":"lobby:ready"}`)
		}
		players[0].does(`{"type":"lobby:start"%s}`, ask)
		m := players[1].untilKind("match:started")
		calls := platform.Calls()
		call := calls[len(calls)-1]
		if m.at("matchData", "region") != call.Region {
			t.Errorf("told %v, asked for %q", m.at("matchData", "region"), call.Region)
		}
		return call.Region
	}
	near, far := `{"us-east":20,"eu-west":60,"ap-south":300}`, `{"us-east":180,"eu-west":70,"sa-east":10}`
	for _, c := range []struct {
		name, ask string
		measured  []string
		want      string
	}{
		{"", "", nil, "eu-central"},
		{"", "", []string{near}, "us-east"},
		{"", "", []string{near, far}, "eu-west"},
		{"", "", []string{near, `{"sa-east":10}`}, "eu-central"},
		{"", `,"region":"us-west"`, []string{near, far}, "us-west"},
		{"afar", "", []string{near, far}, "ap-south"},
		{"afar", `,"region":"us-west"`, nil, "ap-south"},
	} {
		if got := region(c.name, c.ask, c.measured...); got != c.want {
			t.Errorf("%v: %s, want %s", c, got, c.want)
		}
	}
}

// TestRegionOfATicket is where its player is nearest.
func TestRegionOfATicket(t *testing.T) {
	t.Parallel()
	platform := newMatchmaker(t)
	w := &world{t: t, platform: platform, url: startNode(t, queueGame(platform.URL)).PublicURL()}
	p := w.peer("ann")
	p.does(`{"type":"latency","regions":{"us-east":80,"eu-west":60}}`)
	p.searches()
	if open := platform.OpenTickets(); len(open) != 1 || open[0].Region != "eu-west" {
		t.Errorf("tickets %+v", open)
	}
}
