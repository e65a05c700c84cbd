package transport

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// who answers with the name of its caller and how he signs in.
func who(_ context.Context, r *hook.RpcRequest) (*structpb.Value, error) {
	told := []string{r.GetPlayer().GetUsername()}
	for _, i := range r.GetPlayer().GetIdentities() {
		told = append(told, i.GetProvider()+":"+i.GetUsername())
	}
	return structpb.NewStringValue(strings.Join(told, " ")), nil
}

// Rules are told of an account as it is at the call, whatever they were told before.
func TestRulesSeeTheAccountAsItIs(t *testing.T) {
	rules := rules{"who": who}.runner(t)
	n, _ := accounted(t, func(s *setup) { s.Games[0].Rpc = rules })
	token, _ := n.in("/auth/anonymous", annsDevice)
	ann := n.dial("/_ws?token="+token, nil)
	ann.expect("connected")
	told := func(want string) {
		t.Helper()
		for range 2 {
			n.answers("POST", "/rpc/who", token, "", 200, `"`+want+`"`)
			ann.send(`{"type":"rpc","name":"who"}`)
			if m := ann.expect("rpc"); m["payload"] != want {
				t.Errorf("the socket's rules are told of %q, want %q", m["payload"], want)
			}
		}
	}
	const me, link = "/accounts/me", "/accounts/me/identities/discord"
	told("Ann anonymous:Ann")
	n.answers("PATCH", me, token, `{"username":"Anna"}`, 200)
	told("Anna anonymous:Ann")
	n.answers("POST", link, token, `{"discordToken":"arena-one"}`, 200)
	told("Anna anonymous:Ann discord:D1")
	n.answers("DELETE", link, token, "", 200)
	told("Anna anonymous:Ann")
	again, _ := n.in("/auth/anonymous", strings.Replace(annsDevice, "Ann", "Annabel", 1))
	told("Annabel anonymous:Annabel")

	n.answers("POST", "/auth/logout", token, "", 204)
	n.answers("POST", "/rpc/who", token, "", 401, "invalid_token")
	token = again
	n.answers("POST", "/rpc/who", token, "", 200)
	n.answers("DELETE", me, token, "", 204)
	n.answers("POST", "/rpc/who", token, "", 401, "invalid_token")
}

// A socket outlives its account by the moment in which it is closed.
func TestRulesOfAnErasedAccount(t *testing.T) {
	rules := rules{"who": who}.runner(t)
	n, _ := accounted(t, func(s *setup) { s.Games[0].Rpc = rules })
	token, id := n.in("/auth/anonymous", annsDevice)
	n.answers("POST", "/rpc/who", token, "", 200)
	g := n.games["arena"]
	if _, err := g.caller(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := g.Identity.Erase(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if a, err := g.caller(t.Context(), id); a.ID != "" || err == nil || !strings.Contains(err.Error(), "invalid_token") {
		t.Errorf("got %+v, %v", a, err)
	}
}
