package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/muster-gg/muster/plugins/allocate-agones/agonestest"
	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

func TestBadSettings(t *testing.T) {
	f := agonestest.New(t)
	other, _ := agonestest.NewAuthority(t).Issue("x")
	f.File("other.crt", other)
	f.File("empty", nil)
	for what, tc := range map[string]struct {
		name  string
		value any
	}{
		"no address":               {"url", "allocator"},
		"no selectors":             {"selectors", []string{}},
		"no labels":                {"selectors", []string{"arena"}},
		"a bad label":              {"selectors", []string{"agones.dev/fleet=two words"}},
		"no file":                  {"ca", f.Dir + "/nothing"},
		"no certificate":           {"ca", f.Dir + "/token"},
		"no pair":                  {"cert", f.Dir + "/other.crt"},
		"half a pair":              {"cert", ""},
		"no time":                  {"timeout", "0s"},
		"no time to settle":        {"settle", "0s"},
		"no namespace":             {"namespace", "a/b"},
		"no scheduling":            {"scheduling", "Random"},
		"a bad annotation":         {"payload_annotation", "two words"},
		"a bad key":                {"labels", map[string]string{"two words": "x"}},
		"a bad value":              {"labels", map[string]string{"x": "two words"}},
		"our own":                  {"labels", map[string]string{matchLabel: "x"}},
		"the payload's":            {"annotations", map[string]string{"GAMEFLOW_PAYLOAD": "x"}},
		"a bad region":             {"region_label", "a b"},
		"no API":                   {"kubernetes_url", []string{f.API(), "kubernetes"}},
		"no API token":             {"kubernetes_token", []string{f.Dir + "/empty"}},
		"API tokens too few":       {"kubernetes_token", []string{}},
		"API tokens too many":      {"kubernetes_token", []string{f.Dir + "/token", f.Dir + "/token"}},
		"API authorities too many": {"kubernetes_ca", []string{f.Dir + "/ca.crt", f.Dir + "/ca.crt"}},
		"no API authority":         {"kubernetes_ca", []string{f.Dir + "/token"}},
		"a bad policy":             {"policy_labels", map[string]string{"": "x"}},
	} {
		settings := f.Settings(releasing(f))
		settings[tc.name] = tc.value
		err := plugintest.StartError(t, &agones{}, settings)
		if bad := new(wire.BadSetting); !errors.As(err, &bad) || bad.Name != tc.name || bad.Problem == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestProgram runs the program as the server does.
func TestProgram(t *testing.T) {
	f := agonestest.New(t, "gs-1")
	run := webtest.Run(t, f.Settings(releasing(f)))
	for _, s := range run.Description().GetSettings() {
		if s.GetDoc() == "" || s.GetSecret() {
			t.Errorf("setting %v", s)
		}
	}
	if d := run.Description(); d.GetName() != "allocate-agones" || fmt.Sprint(run.Points()) != "[allocate release]" {
		t.Errorf("it says %v", d)
	}
	if s, err := run.Impl().Allocate(t.Context(), request("m1")); err != nil || s.GetName() != "gs-1" || s.GetPort() != 7002 {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := run.Impl().Allocate(t.Context(), request("m2")); verdict(err) != "none" {
		t.Error(err)
	}
	run.Says(t, "allocated")
	must(t, run.Impl().Release(t.Context(), &hook.ReleaseRequest{Game: "arena", MatchId: "m1"}))
	run.Says(t, "released")
	webtest.Clean(t, run.Logs(), token, "kube-token")
}

// TestProgramWithoutRelease: who cannot end servers does not serve that point.
func TestProgramWithoutRelease(t *testing.T) {
	f := agonestest.New(t, "gs-1")
	run := webtest.Run(t, f.Settings(nil))
	if fmt.Sprint(run.Points()) != "[allocate]" {
		t.Errorf("it serves %v", run.Points())
	}
	if err := run.Impl().Release(t.Context(), &hook.ReleaseRequest{Game: "arena", MatchId: "m1"}); err == nil {
		t.Error("it says that it has released a server")
	}
}
