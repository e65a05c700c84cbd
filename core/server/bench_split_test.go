package server_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// asSplitter is the value of asPlugin that makes the test binary be the splitter.
const asSplitter = "split"

// splitter is a plugin with the rpc function that splitScript has too: it splits
// players with ratings into two teams.
type splitter struct{ plugin.Base }

func (*splitter) RpcNames() []string { return []string{"split"} }

func (*splitter) Rpc(_ context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error) {
	type rated struct {
		id     string
		rating float64
	}
	var players []rated
	for _, p := range r.GetPayload().GetStructValue().GetFields()["players"].GetListValue().GetValues() {
		fields := p.GetStructValue().GetFields()
		players = append(players, rated{fields["id"].GetStringValue(), fields["rating"].GetNumberValue()})
	}
	if len(players) < 2 {
		return nil, hook.Invalid("two players are needed")
	}
	slices.SortFunc(players, func(a, b rated) int { return cmp.Or(cmp.Compare(b.rating, a.rating), cmp.Compare(a.id, b.id)) })
	var teams [2][]any
	var sums [2]float64
	for _, p := range players {
		to := 0
		if full := (len(players) + 1) / 2; len(teams[0]) == full || len(teams[1]) < full && sums[1] < sums[0] {
			to = 1
		}
		teams[to] = append(teams[to], p.id)
		sums[to] += p.rating
	}
	answer, err := structpb.NewValue(map[string]any{"teams": []any{
		map[string]any{"name": "A", "players": teams[0], "rating": sums[0] / float64(len(teams[0]))},
		map[string]any{"name": "B", "players": teams[1], "rating": sums[1] / float64(len(teams[1]))},
	}})
	return &hook.RpcResponse{Payload: answer}, err
}

const splitScript = `import type { RpcHandlers } from "muster";

interface Rated { id: string; rating: number }

export const rpc: RpcHandlers = {
  split(ctx, payload: { players?: Rated[] }) {
    const players = (payload?.players ?? []).slice();
    if (players.length < 2) return ctx.invalid("two players are needed");
    players.sort((a, b) => b.rating - a.rating || (a.id < b.id ? -1 : 1));
    const full = Math.ceil(players.length / 2);
    const teams = ["A", "B"].map((name) => ({ name, players: [] as string[], sum: 0 }));
    const [a, b] = teams;
    for (const { id, rating } of players) {
      const to = a.players.length === full || (b.players.length < full && b.sum < a.sum) ? b : a;
      to.players.push(id);
      to.sum += rating;
    }
    return { teams: teams.map(({ name, players, sum }) => ({ name, players, rating: sum / players.length })) };
  },
};
`

// tenRated is the body of a call of split, tenSplit the answer.
var (
	tenRated = func() string {
		var players []string
		for i := range 10 {
			players = append(players, fmt.Sprintf(`{"id":"%s%d","rating":%d}`, ratedID, i, 1000+37*i%100))
		}
		return `{"players":[` + strings.Join(players, ",") + `]}`
	}()
	tenSplit = strings.ReplaceAll(`{"teams":[{"name":"A","players":["#8","#7","#4","#6","#3"],"rating":1047.2},`+
		`{"name":"B","players":["#5","#2","#1","#9","#0"],"rating":1045.8}]}`, "#", ratedID)
)

// ratedID is how the ids of these players begin.
const ratedID = "7f9c24e8-3b1a-4d5e-9f60-00000000000"

// splitBlock runs this test binary as a plugin of that name, and asks it.
func splitBlock(name string) string {
	return fmt.Sprintf(`
  plugin %q {
    command = [%q]
    env     = { %s = %q, GORACE = "atexit_sleep_ms=0" }
  }
  hooks "plugin" { use = %q }`, name, os.Args[0], asPlugin, asSplitter, name)
}
