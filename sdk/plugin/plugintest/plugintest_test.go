package plugintest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
	"github.com/muster-gg/muster/sdk/plugin"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// greeter greets, and remembers how often.
type greeter struct {
	plugin.Base
	Word  string            `setting:"word,required"`
	Every time.Duration     `setting:"every" default:"1s"`
	Names []string          `setting:"names"`
	Map   map[string]string `setting:"map"`

	stopped chan struct{}
}

func (g *greeter) Start(context.Context) error {
	if g.Word == "rude" {
		return plugin.BadSetting("word", "is rude")
	}
	return nil
}

func (g *greeter) Stop(context.Context) error {
	if g.stopped != nil {
		close(g.stopped)
	}
	return nil
}

func (g *greeter) RpcNames() []string { return []string{"greet"} }

func (g *greeter) Rpc(ctx context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error) {
	if r.GetName() != "greet" {
		return nil, hook.ErrUnknownRpc
	}
	c := hook.CallFrom(ctx)
	g.Log(ctx).Debug("greeting")
	if _, err := hook.HostFrom(ctx).Storage().Set(ctx, "", "greeted", json.RawMessage(`true`), hook.NoVersion); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%s %s %s %s %v %v %v", g.Word, c.Game, c.Point, g.Every, g.Names, g.Map, g.Development())
	return &hook.RpcResponse{Payload: structpb.NewStringValue(text)}, nil
}

func TestAuthorsTest(t *testing.T) {
	g := &greeter{stopped: make(chan struct{})}
	t.Run("in it", func(t *testing.T) {
		c := plugintest.Start(t, g, map[string]any{
			"word": "hi", "every": time.Minute, "names": []string{"a"}, "map": map[string]string{"k": "v"},
		})
		if d := c.Description; len(d.GetSettings()) != 4 || len(d.GetRpcNames()) != 1 || d.GetPoints()[0] != "rpc" || d.GetVersion() == "" {
			t.Errorf("%v", d)
		}
		r, err := c.Rpc(t.Context(), &hook.RpcRequest{Name: "greet"})
		if want := "hi arena rpc 1m0s [a] map[k:v] true"; err != nil || r.GetPayload().GetStringValue() != want {
			t.Errorf("%v %v", r, err)
		}
		ctx := hook.WithCall(t.Context(), hook.Call{Game: "chess"})
		if _, err := c.Rpc(ctx, &hook.RpcRequest{Name: "greet"}); !errors.Is(err, hook.ErrConflict) && !strings.Contains(fmt.Sprint(err), "another version") {
			t.Errorf("%v", err)
		}
		if got, err := c.Host.Storage().Get(t.Context(), "", "greeted"); err != nil || len(got) != 1 {
			t.Errorf("%v %v", got, err)
		}
		if _, err := c.Rpc(t.Context(), &hook.RpcRequest{Name: "other"}); !errors.Is(err, hook.ErrUnknownRpc) {
			t.Error(err)
		}
		if err := c.ValidateStart(t.Context(), &hook.Lobby{}); err == nil {
			t.Error("a point is served that is not there")
		}
	})
	select {
	case <-g.stopped:
	default:
		t.Error("Stop was not called")
	}
}

func TestStartError(t *testing.T) {
	for text, settings := range map[string]map[string]any{
		"the setting word is rude": {"word": "rude"}, "the setting word is required": {}, "the setting wrod is unknown": {"wrod": "x"},
	} {
		if err := plugintest.StartError(t, &greeter{}, settings); !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
}

// rules are those that every host serves alike.
type rules struct {
	plugin.Base
	hooktest.Rules
}

func TestRules(t *testing.T) {
	hooktest.Exercise(t, func(t *testing.T) hooktest.Hosted {
		c := plugintest.Start(t, &rules{}, nil)
		return hooktest.Hosted{Impl: c.Remote, Points: hook.ServedPoints(&rules{}), RpcNames: c.Description.GetRpcNames(), Host: c.Host}
	})
}
