// Package wire is what both ends of a plugin's connection agree on: the handshake,
// how errors and calls travel, and the service through which a plugin asks the
// platform. Authors of plugins in Go need none of it, package plugin does.
package wire

import (
	"context"
	"strconv"

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
	// MaxHeaders is for the headers and trailers of one answer: a refusal is in them.
	MaxHeaders = 1 << 20
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

// Metadata of every call of a point. The number is only given to processes of our
// own; it is also in what they ask of the platform for the call.
const (
	metaGame   = "muster-game"
	metaHook   = "muster-hook"
	metaNumber = "muster-call"
)

// SendCall puts the call of ctx into the metadata of the gRPC call made with it.
func SendCall(ctx context.Context) context.Context {
	c := hook.CallFrom(ctx)
	return metadata.AppendToOutgoingContext(ctx, metaGame, c.Game, metaHook, c.Hook)
}

// ReceiveCall is the other end of SendCall.
func ReceiveCall(ctx context.Context, p hook.Point) context.Context {
	return hook.WithCall(ctx, hook.Call{Game: first(ctx, metaGame), Point: p, Hook: first(ctx, metaHook)})
}

// SendNumber adds a number to a context of SendCall, which Number finds in every
// request to the platform that is made for the call.
func SendNumber(ctx context.Context, n uint64) context.Context {
	return metadata.AppendToOutgoingContext(ctx, metaNumber, strconv.FormatUint(n, 10))
}

// Number is the call that a request to the platform is made for; 0: it does not say.
func Number(ctx context.Context) uint64 {
	n, _ := strconv.ParseUint(first(ctx, metaNumber), 10, 64)
	return n
}

// passNumber puts the number of the call that ctx belongs to into a request.
func passNumber(ctx context.Context) context.Context {
	if n := first(ctx, metaNumber); n != "" {
		return metadata.AppendToOutgoingContext(ctx, metaNumber, n)
	}
	return ctx
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
