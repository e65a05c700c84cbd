// Package wire is what both ends of a plugin's connection agree on: the handshake,
// how errors and calls travel, and the service through which a plugin asks the
// platform. Authors of plugins in Go need none of it, package plugin does.
package wire

import (
	"context"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/metadata"

	"github.com/muster-gg/muster/sdk/hook"
)

// Version is the version of the protocol between Muster and its plugins.
const Version = 1

// Set is the name of the only entry of go-plugin's plugin set.
const Set = "muster"

// The size of one message, in bytes.
const (
	// MaxMessage is for the calls of points, either way.
	MaxMessage = 4 << 20
	// HostMessage is for what the platform answers: a full list of the largest values.
	HostMessage = 8 << 20
)

// Environment variables of a plugin process, beside those of go-plugin.
const (
	// EnvCookie says that Muster started the process. It guards against starting a
	// plugin by hand, nothing else.
	EnvCookie = "MUSTER_PLUGIN"
	// Cookie is its value.
	Cookie = "d2b1e6f0c4a94d6f8a53"
	// EnvLogLevel is the level from which lines are logged: "debug", "info", …
	EnvLogLevel = "MUSTER_PLUGIN_LOG"
)

// Handshake is what go-plugin compares at a start.
func Handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{MagicCookieKey: EnvCookie, MagicCookieValue: Cookie}
}

// Metadata of every call of a point.
const (
	metaGame = "muster-game"
	metaHook = "muster-hook"
)

// SendCall puts the call of ctx into the metadata of the gRPC call made with it.
func SendCall(ctx context.Context) context.Context {
	c := hook.CallFrom(ctx)
	return metadata.NewOutgoingContext(ctx, metadata.MD{metaGame: {c.Game}, metaHook: {c.Hook}})
}

// ReceiveCall is the other end of SendCall.
func ReceiveCall(ctx context.Context, p hook.Point) context.Context {
	return hook.WithCall(ctx, hook.Call{Game: first(ctx, metaGame), Point: p, Hook: first(ctx, metaHook)})
}

func first(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Method is the full gRPC method of a point.
func Method(p hook.Point) (string, bool) {
	info, ok := p.Info()
	return "/" + info.Service + "/" + info.Method, ok
}
