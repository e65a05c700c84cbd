package script_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write puts files into a folder of their own and returns the path of arena.ts.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "arena.ts")
}

// tryLoad loads a script that consists of arena.ts alone.
func tryLoad(t testing.TB, source string, options ...func(*script.Options)) (*script.Version, error) {
	t.Helper()
	o := script.Options{Game: "arena", Entry: write(t, map[string]string{"arena.ts": source}), Timeout: 2 * time.Second}
	for _, option := range options {
		option(&o)
	}
	v, err := script.Load(context.Background(), o)
	if err == nil {
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := v.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	return v, err
}

func load(t testing.TB, source string, options ...func(*script.Options)) *script.Version {
	t.Helper()
	v, err := tryLoad(t, source, options...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func text(s string) *structpb.Value { return structpb.NewStringValue(s) }

// twoTeams is a lobby with a1 and a2 in A, b1 in B, three seats each.
func twoTeams() *hook.Lobby {
	player := func(id string) *hook.Player {
		return &hook.Player{AccountId: id, Username: "name of " + id, Connected: true, Ready: true}
	}
	return &hook.Lobby{
		Id: "l1", Name: "Friday", OwnerId: "a1", State: "open",
		Properties: map[string]*structpb.Value{"map": text("dust")},
		Teams: []*hook.Team{
			{Name: "A", Size: 3, Players: []*hook.Player{player("a1"), player("a2")}},
			{Name: "B", Size: 3, Players: []*hook.Player{player("b1")}},
		},
	}
}

func same(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}
