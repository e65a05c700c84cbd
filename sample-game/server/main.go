// Command server is the dedicated server of Sparks, the sample game: one process
// plays one match. It needs nothing but sdk/gameserver, and so runs on Muster's
// local fleet, on GameFlow and on Agones alike.
//
// ARENA_MODE is "arena" (the default) or "duel"; ARENA_MATCH_SECONDS changes the
// length of the match.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv, log); err != nil {
		log.Error("the server failed", "error", err)
		os.Exit(1)
	}
}
