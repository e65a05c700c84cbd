//go:build unix

package server_test

import (
	"context"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/server"
)

// TestStoppedLate ends a node when there is no time left for what is under way: that
// is cut off, and named, and nothing else is. Who waits is answered, and sockets are
// closed as always.
func TestStoppedLate(t *testing.T) {
	game, s := lentGame(t, "23400-23409")
	cfg, diags := config.Load(writeConfig(t, t.TempDir(), game), config.Options{Files: config.RequireFiles})
	must(t, diags.Err())
	node, err := server.Start(t.Context(), server.Options{Config: cfg, Version: "test", Logger: zap.NewNop()})
	must(t, err)
	w := &world{t: t, url: node.PublicURL()}
	ann := w.peer("ann")
	call := lend(t, w.url, "", `{}`)
	one := s.lentUp()

	late, cancel := context.WithCancel(t.Context())
	cancel()
	err = node.Stop(late)
	if want := "game arena: calls of other backends were cut off: context canceled"; err == nil || err.Error() != want {
		t.Errorf("stopped with %v, want %s", err, want)
	}
	if answer := <-call.answer; !strings.HasPrefix(answer, `503 {"code":14,`) {
		t.Errorf("answered %s", answer)
	}
	if last, code := ann.closed(); last.kind() != "server:draining" || code != 1001 {
		t.Errorf("ann heard %v at last, and %d", last, code)
	}
	one.gone()
}
