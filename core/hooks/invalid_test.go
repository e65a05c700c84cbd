package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// rejected are the answers that were not taken, by their codes.
func rejected(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "muster_hook_invalid_answers_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "code" {
					found[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	return found
}

// measured is a runner with metrics.
func measured(t *testing.T, list ...hooks.Hook) (*hooks.Runner, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	metrics, err := hooks.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	return newRunner(t, hooks.Options{Hooks: list, Seats: 6, Metrics: metrics}), reg
}

// unreadable is how a host says that it could not read an answer.
type unreadable struct{ code string }

func (u *unreadable) Error() string     { return "answered with " + u.code }
func (u *unreadable) BadAnswer() string { return u.code }

func TestInvalidAnswersAreCounted(t *testing.T) {
	for _, c := range []struct {
		team string
		err  error
		code string // of the failure
		want map[string]float64
	}{
		{"A", nil, "", nil},
		{"", errHook, "error", nil},
		{"C", nil, "unknown_team", map[string]float64{"unknown_team": 1}},
		{"", fmt.Errorf("call: %w", &unreadable{"too_large"}), "too_large", map[string]float64{"too_large": 1}},
		{"", &unreadable{"malformed"}, "malformed", map[string]float64{"malformed": 1}},
		{"", &unreadable{}, "error", nil},
		{"", hook.Refuse("no", nil), "may_not_refuse", map[string]float64{"may_not_refuse": 1}},
	} {
		r, reg := measured(t, policy(hookOf("h", rules{assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) {
			return c.team, c.err
		}}), hook.FailRefuse))
		_, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{})
		if c.code != "" {
			fails(t, "wish", c.code, err)
		} else if err != nil {
			t.Error(err)
		}
		if got := rejected(t, reg); !maps.Equal(got, c.want) {
			t.Errorf("%s %v: counted is %v", c.team, c.err, got)
		}
	}
}

// TestFlawedRefusals holds that a refusal stands whatever its texts are, and that what
// is wrong with them is counted.
func TestFlawedRefusals(t *testing.T) {
	for _, c := range []struct {
		reason  string
		players map[string]string
		code    string
	}{
		{"Two lines\nof\ttext\r\n", map[string]string{"a1": "you"}, ""},
		{"", nil, ""},
		{strings.Repeat("ä", 500), nil, ""},
		{strings.Repeat("ä", 501), nil, "too_long"},
		{"a\x1b[31mb", nil, "bad_text"},
		{"a\u202eb", nil, "bad_text"},
		{"\xff", nil, "bad_text"},
		{"no", map[string]string{"stranger": "you"}, "unknown_player"},
		{"no", map[string]string{"a1": strings.Repeat("x", 1<<20)}, "too_long"},
		{"no", map[string]string{"b1": "\x00"}, "bad_text"},
	} {
		r, reg := measured(t, hookOf("h", rules{validate: func(context.Context, *hook.Lobby) error { return hook.Refuse(c.reason, c.players) }}))
		err := r.ValidateStart(t.Context(), twoTeams())
		refusal, refused := hook.AsRefusal(err)
		if !errors.Is(err, hooks.ErrRefused) || !refused || len([]rune(refusal.GetReason())) > 500 || len(refusal.GetPlayerReasons()["a1"]) > 500 {
			t.Errorf("%.20q: %.200v", c.reason, err)
		}
		want := map[string]float64{}
		if c.code != "" {
			want[c.code] = 1
		}
		if got := rejected(t, reg); !maps.Equal(got, want) {
			t.Errorf("%.20q %.20v: counted is %v, want %v", c.reason, c.players, got, want)
		}
	}
}

// TestLateAnswersAreCounted: what comes after the deadline is never used.
func TestLateAnswersAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := errors.New("late, too")
		answers := make(chan error, 3)
		for _, err := range []error{nil, late, nil} {
			answers <- err
		}
		h := policy(hookOf("h", rules{assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) {
			time.Sleep(120 * time.Millisecond)
			return "A", <-answers
		}}), hook.FailRefuse)
		h.Timeout = 100 * time.Millisecond
		r, reg := measured(t, h)
		for range 3 {
			if team, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{}); team != "" || !errors.Is(err, hooks.ErrTimeout) {
				t.Errorf("%q %v", team, err)
			}
			if got := rejected(t, reg); len(got) > 0 && len(answers) == 3 {
				t.Errorf("counted before it came: %v", got)
			}
			time.Sleep(2 * time.Second)
		}
		if got := rejected(t, reg); !maps.Equal(got, map[string]float64{"late": 2}) {
			t.Errorf("counted is %v", got)
		}
	})
}

// TestTextInValuesIsChecked: rules in Go can put into a value what no other host can.
func TestTextInValuesIsChecked(t *testing.T) {
	text := structpb.NewStringValue("\xff")
	object := func(key string, v *structpb.Value) *structpb.Value {
		return structpb.NewStructValue(&structpb.Struct{Fields: values{key: v}})
	}
	for name, bad := range map[string]*structpb.Value{
		"text": text, "list": structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{text}}),
		"value": object("k", text), "key": object("k", object("\xff", structpb.NewNullValue())),
	} {
		h := hookOf("h", rules{
			create: func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error) {
				return &hook.LobbyDraft{Properties: values{"k": bad}}, nil
			},
			rpc: func(context.Context, *hook.RpcRequest) (*hook.RpcResponse, error) {
				return &hook.RpcResponse{Payload: bad}, nil
			},
		})
		r := run(t, h)
		_, err := r.BeforeLobbyCreate(t.Context(), &hook.LobbyDraft{})
		fails(t, name, "bad_text", err)
		_, err = r.Rpc(t.Context(), &hook.RpcRequest{Name: "f"})
		fails(t, name, "bad_text", err)
	}
}
