package server_test

import (
	"context"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/sdk/client"
	"github.com/muster-gg/muster/sdk/hook"
)

// frail dies under one of its functions.
type frail struct{}

type died struct{}

func (died) Error() string { return "the process died" }
func (died) Crashed() bool { return true }

func (frail) RpcNames() []string { return []string{"boom", "hello"} }

func (frail) Rpc(_ context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error) {
	if r.GetName() == "boom" {
		return nil, died{}
	}
	return &hook.RpcResponse{}, nil
}

// TestWhatIsTrippedIsShown has a function whose process dies under every call: soon
// it is not called any more, operators read so, and all else goes on.
func TestWhatIsTrippedIsShown(t *testing.T) {
	rules, err := native.New("frail", "1", frail{})
	must(t, err)
	node := startRuledNode(t, stubGame("arena", "http://127.0.0.1:1", ""), map[string][]*native.Hook{"arena": {rules}})
	w := &world{t: t, url: node.PublicURL()}
	ann, ops := w.player("ann"), &ruled{world: w, node: node}
	eventually(t, "boom is tripped", func() bool {
		err := ann.Rpc(t.Context(), "boom", nil, nil)
		return client.CodeOf(err) == "hook_unavailable"
	})
	must(t, ann.Rpc(t.Context(), "hello", nil, nil))
	if text := ops.ready(); !strings.Contains(text, `"status":"ready"`) || !strings.Contains(text, "hook arena/frail rpc boom") || !strings.Contains(text, "tripped: its process died under its calls (crash); tried again") {
		t.Errorf("readyz: %s", text)
	}
}
