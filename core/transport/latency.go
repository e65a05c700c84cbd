package transport

import (
	"context"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/latency"
	"github.com/muster-gg/muster/core/wire"
)

// Latencies keeps what clients have measured; *latency.Service is it.
type Latencies interface {
	// Report saves an account's round trips in ms by region, in place of the last ones.
	Report(ctx context.Context, account string, regions map[string]int) error
	// Forget deletes them.
	Forget(ctx context.Context, account string) error
}

var _ Latencies = (*latency.Service)(nil)

// latency takes in what a client has measured.
func (k *socket) latency(ctx context.Context, replyTo string, b *wire.Latency) error {
	if k.game.Latencies == nil {
		return wire.ErrUnknownType
	}
	if err := k.game.Latencies.Report(ctx, k.Account(), b.Regions); err != nil {
		return fault.From(err)
	}
	if replyTo != "" {
		k.say(wire.Ack{ReplyTo: replyTo})
	}
	return nil
}

// forgetLatencies deletes what an erased account has measured. What cannot be deleted
// now goes within the hour.
func (g *game) forgetLatencies(ctx context.Context, account string) {
	if g.Latencies == nil {
		return
	}
	if err := g.Latencies.Forget(ctx, account); err != nil {
		g.log.Warn("an erased account's latencies could not be deleted", zap.String("account", account), zap.Error(err))
	}
}
