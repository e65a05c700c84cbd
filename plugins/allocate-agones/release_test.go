package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-gg/muster/plugins/allocate-agones/agonestest"
	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

// releasing are the settings with which servers can be deleted.
func releasing(f *agonestest.Fleet, others ...string) map[string]any {
	urls := []any{f.API()}
	for _, api := range others {
		urls = append(urls, api)
	}
	return map[string]any{"kubernetes_url": urls, "kubernetes_ca": []any{f.Path("ca.crt")}, "kubernetes_token": []any{f.Path("token")}}
}

func left(f *agonestest.Fleet) string {
	var names []string
	for _, s := range f.Servers() {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

func TestRelease(t *testing.T) {
	f := agonestest.New(t, "gs-1", "gs-2")
	c := plugintest.Start(t, &agones{}, f.Settings(releasing(f)))
	if points := fmt.Sprint(c.Description.GetPoints()); points != "[allocate release]" {
		t.Errorf("serves %s", points)
	}
	for _, match := range []string{"m1", "m2"} {
		_, err := c.Allocate(t.Context(), request(match))
		must(t, err)
	}
	for _, match := range []string{"m1", "m1", "never"} {
		must(t, c.Release(t.Context(), &hook.ReleaseRequest{Game: "arena", MatchId: match}))
	}
	must(t, c.Release(t.Context(), &hook.ReleaseRequest{Game: "duel", MatchId: "m2"}))
	if left(f) != "gs-2" {
		t.Errorf("left are %s", left(f))
	}
	if err := c.Release(t.Context(), &hook.ReleaseRequest{Game: "arena"}); err == nil || left(f) != "gs-2" {
		t.Errorf("without a match: %v", err)
	}
	f.File("token", []byte("another"))
	err := c.Release(t.Context(), &hook.ReleaseRequest{Game: "arena", MatchId: "m2"})
	if !hook.IsUnreachable(err) {
		t.Errorf("with another token: %v", err)
	}
	webtest.Clean(t, fmt.Sprint(err), "another", f.API())
}

// TestReleaseInAllClusters: a server is deleted wherever its allocation was sent,
// and as long as one cluster does not answer it is not said to be.
func TestReleaseInAllClusters(t *testing.T) {
	f := agonestest.New(t, "here")
	second := f.Cluster("there")
	settings := releasing(f, second)
	f.File("token-2", []byte("kube-token"))
	settings["kubernetes_token"] = []any{f.Path("token"), f.Path("token-2")}
	settings["multi_cluster"] = true
	c := plugintest.Start(t, &agones{}, f.Settings(settings))
	for _, match := range []string{"m1", "m2"} {
		_, err := c.Allocate(t.Context(), request(match))
		must(t, err)
	}
	f.File("token-2", []byte("another"))
	for _, match := range []string{"m1", "m2"} {
		if err := c.Release(t.Context(), &hook.ReleaseRequest{Game: "arena", MatchId: match}); !hook.IsUnreachable(err) {
			t.Errorf("with a cluster that refuses: %v", err)
		}
	}
	if left(f) != "there" {
		t.Errorf("left are %s", left(f))
	}
	f.File("token-2", []byte("kube-token"))
	for _, match := range []string{"m1", "m2"} {
		must(t, c.Release(t.Context(), &hook.ReleaseRequest{Game: "arena", MatchId: match}))
	}
	if left(f) != "" {
		t.Errorf("left are %s", left(f))
	}
}
