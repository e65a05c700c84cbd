package hooks_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// failures counts the calls whose outcome is not ok.
func failures(t *testing.T, reg *prometheus.Registry) (n uint64) {
	eachCall(t, reg, func(labels map[string]string, count uint64) {
		if labels["outcome"] != "ok" {
			n += count
		}
	})
	return n
}

func versionsOf(t *testing.T, reg *prometheus.Registry) (versions []string) {
	eachCall(t, reg, func(labels map[string]string, _ uint64) {
		versions = append(versions, labels["version"])
	})
	slices.Sort(versions)
	return slices.Compact(versions)
}

func eachCall(t *testing.T, reg *prometheus.Registry, visit func(map[string]string, uint64)) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "muster_hook_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			visit(labels, m.GetHistogram().GetSampleCount())
		}
	}
}

// TestSeriesOfOldVersionsAreDropped swaps one hook of two.
func TestSeriesOfOldVersionsAreDropped(t *testing.T) {
	reg := prometheus.NewRegistry()
	metrics, err := hooks.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	stays := hookOf("stays", rules{validate: func(context.Context, *hook.Lobby) error { return nil }})
	stays.Version = "kept"
	r := newRunner(t, hooks.Options{Hooks: []hooks.Hook{wish("1", "A", new(atomic.Bool)), stays}, Metrics: metrics})
	call := func() {
		if _, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{}); err != nil {
			t.Error(err)
		}
		if err := r.ValidateStart(t.Context(), twoTeams()); err != nil {
			t.Error(err)
		}
	}
	call()
	old, err := r.Swap([]hooks.Hook{wish("2", "B", new(atomic.Bool)), stays})
	if err != nil {
		t.Fatal(err)
	}
	<-old.Done()
	call()
	if v := versionsOf(t, reg); !slices.Equal(v, []string{"2", "kept"}) {
		t.Errorf("versions %v", v)
	}
	if n := sum(t, reg, "muster_hook_seconds"); n != 3 {
		t.Errorf("%v calls are counted", n)
	}
}
