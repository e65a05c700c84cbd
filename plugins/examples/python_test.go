//go:build linux

package examples_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/sdk/hook"
)

const (
	validate = "python-validate/plugin.py"
	probe    = "testdata/probe.py"
)

// teams is the request of a lobby whose teams have these players, by their initials.
func teams(players ...string) *hook.Lobby {
	l := &hook.Lobby{Id: "l1"}
	for i, team := range players {
		out := &hook.Team{Name: string(rune('A' + i)), Size: 5}
		for _, id := range team {
			out.Players = append(out.Players, &hook.Player{AccountId: string(id)})
		}
		l.Teams = append(l.Teams, out)
	}
	return l
}

func TestPythonDescribesItself(t *testing.T) {
	p := begin(t, pythonOptions(validate, nil))
	d := p.Description()
	if d.GetName() != "python-validate" || d.GetVersion() != "1.0.0" || d.GetDoc() == "" ||
		len(p.Points()) != 1 || p.Points()[0] != hook.PointValidateStart {
		t.Errorf("%v", d)
	}
	if s := d.GetSettings(); len(s) != 1 || s[0].GetName() != "max_difference" || s[0].GetType() != "number" || s[0].GetDefault() == nil || s[0].GetDoc() == "" {
		t.Errorf("%v", s)
	}
}

func TestPythonValidates(t *testing.T) {
	for _, c := range []struct {
		most    float64
		teams   []string
		reasons map[string]string // nil: the start is allowed
	}{
		{0, []string{"ab", "cd"}, nil},
		{0, []string{"abc", "d"}, map[string]string{"a": "Your team A has 2 too many.", "c": "Your team A has 2 too many.", "d": ""}},
		{0, []string{"a", "", "bc"}, map[string]string{"a": "Your team A has 1 too many.", "b": "Your team C has 2 too many."}},
		{1, []string{"abc", "de"}, nil},
		{1, []string{"a", "bcd"}, map[string]string{"a": "", "b": "Your team B has 1 too many."}},
		{0, nil, nil},
	} {
		o := pythonOptions(validate, map[string]any{"max_difference": c.most})
		kept := logged(&o)
		ctx := hook.WithCall(t.Context(), hook.Call{Game: "arena", Hook: "tested"})
		p := begin(t, o)
		err := p.Impl().ValidateStart(ctx, teams(c.teams...))
		if c.reasons == nil {
			if err != nil {
				t.Errorf("%v: %v", c.teams, err)
			}
			continue
		}
		r, refused := hook.AsRefusal(err)
		if !refused || r.GetReason() != "The teams are not of equal size." || r.GetInvalid() {
			t.Errorf("%v: %v", c.teams, err)
		}
		for id, reason := range c.reasons {
			if r.GetPlayerReasons()[id] != reason {
				t.Errorf("%v: %v", c.teams, r)
			}
		}
		until(t, "logged", func() bool { return kept.FilterMessage("refused a start").Len() == 1 })
		line := kept.FilterMessage("refused a start").All()[0].ContextMap()
		if line["module"] != "teams" || line["game"] != "arena" || line["lobby"] != "l1" || line["plugin"] != "tested" {
			t.Errorf("%v", line)
		}
		if kept.FilterLevelExact(1).Len() > 0 {
			t.Errorf("warned: %v", kept.All())
		}
	}
}

func TestPythonSettings(t *testing.T) {
	needPython(t)
	for _, most := range []float64{-1, 0.5} {
		_, err := process.Start(t.Context(), pythonOptions(validate, map[string]any{"max_difference": most}))
		wants(t, err, "the setting max_difference is not a whole number from 0 on")
		var bad *process.BadSetting
		if !errors.As(err, &bad) || bad.Name != "max_difference" {
			t.Errorf("%v", err)
		}
	}
	_, err := process.Start(t.Context(), pythonOptions(probe, map[string]any{"mode": "broken"}))
	wants(t, err, "RuntimeError: the ratings cannot be read")
	p := begin(t, pythonOptions(probe, map[string]any{"words": []any{"x", "y"}}))
	s := p.Description().GetSettings()
	if len(s) != 3 || len(s[0].GetDefault().GetListValue().GetValues()) != 2 || len(s[1].GetOneOf()) != 2 || !s[2].GetSecret() {
		t.Errorf("%v", s)
	}
	ctx := hook.WithCall(t.Context(), hook.Call{Game: "arena", Hook: "rules"})
	if r, err := p.Impl().Rpc(ctx, &hook.RpcRequest{Name: "context"}); r.GetPayload().GetStringValue() != "arena rules x,y" {
		t.Error(r, err)
	}
}

// TestPythonAnswers holds that each way of answering arrives as what it is.
func TestPythonAnswers(t *testing.T) {
	o := pythonOptions(probe, map[string]any{"key": "secret-key"})
	kept := logged(&o)
	p := begin(t, o)
	rpc := func(name string) (*hook.RpcResponse, error) {
		return p.Impl().Rpc(t.Context(), &hook.RpcRequest{Name: name, Payload: structpb.NewStringValue("日本")})
	}
	if r, err := rpc("echo"); err != nil || r.GetPayload().GetStringValue() != "日本" {
		t.Error(r, err)
	}
	if r, err := rpc("nothing"); err != nil || r.GetPayload() != nil {
		t.Error(r, err)
	}
	_, err := rpc("invalid")
	if r, refused := hook.AsRefusal(err); !refused || !r.GetInvalid() || r.GetReason() != "malformed" {
		t.Error(err)
	}
	if _, err = rpc("unreachable"); !hook.IsUnreachable(err) || !strings.Contains(err.Error(), "no route") {
		t.Error(err)
	}
	if _, err = rpc("none of that name"); !errors.Is(err, hook.ErrUnknownRpc) {
		t.Error(err)
	}
	_, err = rpc("wrong type")
	wants(t, err, "rpc answered a str, not a RpcResponse")
	_, err = rpc("bug")
	if _, refused := hook.AsRefusal(err); refused || hook.IsUnreachable(err) || len(err.Error()) > 5000 || strings.Contains(err.Error(), "secret-key") {
		t.Errorf("%.200v", err)
	}
	wants(t, err, "KeyError: 'missing ")
	if team, err := p.Impl().AssignTeam(t.Context(), teams("a", "b"), nil); team != "B" {
		t.Error(team, err)
	}
	until(t, "logged", func() bool { return kept.FilterMessage("printed by the author").Len() == 1 })
	if err := p.Close(t.Context()); err != nil || kept.FilterMessage("stopped well").Len() != 1 {
		t.Errorf("%v %v", err, kept.All())
	}
}

// TestPythonIsStartedAgain lets it crash by itself, then kills it.
func TestPythonIsStartedAgain(t *testing.T) {
	p := begin(t, pythonOptions(probe, nil))
	first := p.Status().PID
	if _, err := p.Impl().Rpc(t.Context(), &hook.RpcRequest{Name: "crash"}); err == nil {
		t.Error("a call survived the crash")
	}
	again := func(restarts int, before int) int {
		until(t, "restarted", func() bool { s := p.Status(); return s.State == process.Running && s.Restarts == restarts })
		if _, err := p.Impl().Rpc(t.Context(), &hook.RpcRequest{Name: "echo"}); err != nil {
			t.Error(err)
		}
		pid := p.Status().PID
		if pid == before || alive(before) {
			t.Errorf("%d is still there", before)
		}
		return pid
	}
	second := again(1, first)
	if err := syscall.Kill(second, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	third := again(2, second)
	if err := p.Close(context.Background()); err != nil || alive(third) {
		t.Errorf("%v; alive: %t", err, alive(third))
	}
}
