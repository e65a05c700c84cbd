package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/muster-gg/muster/sdk/gameserver"
)

const (
	// reportTime bounds all tries to report; fleets kill 45 s after SIGTERM.
	reportTime   = 25 * time.Second
	shutdownTime = 3 * time.Second
)

// run is the life of the process. ctx ends at SIGTERM. nil is a clean end.
func run(ctx context.Context, getenv func(string) string, log *slog.Logger) error {
	s, err := readSettings(getenv)
	if err != nil {
		return err
	}
	return serve(ctx, s, getenv, log)
}

func serve(ctx context.Context, s settings, getenv func(string) string, log *slog.Logger) error {
	sdk, err := gameserver.Connect(ctx, gameserver.Options{Logger: log, Getenv: getenv})
	if err != nil {
		return unlessAsked(ctx, err)
	}
	defer sdk.Close()
	port, err := sdk.Port("default")
	if err != nil {
		return err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return unlessAsked(ctx, err)
	}
	d := newDoor(sdk, s.waits.ticket, log)
	d.serve(l)
	err = session(ctx, s, sdk, d, log)
	if err == nil && ctx.Err() != nil {
		log.Info("asked to end")
	}
	d.close(encodeError(codeEnded, "The match was ended"))
	return err
}

// session is the life of the process once players can connect.
func session(ctx context.Context, s settings, sdk *gameserver.Server, d *door, log *slog.Logger) error {
	r, id, err := assignment(ctx, sdk, log)
	if err != nil {
		return unlessAsked(ctx, err)
	}
	log = log.With("match", id)
	log.Info("match begins", "mode", s.mode, "players", len(r.players), "humans", r.humans)

	list := newPresence(sdk, log)
	m := newMatch(s, r, seed(), list.set, log)
	var tracker sync.WaitGroup
	tracking, stop := context.WithCancel(context.WithoutCancel(ctx))
	tracker.Go(func() { list.run(tracking) })
	defer tracker.Wait()
	defer stop()

	d.open(m)
	played := m.play(ctx) == nil
	if played {
		conclude(context.WithoutCancel(ctx), m, sdk)
	}
	close(m.over) // before the door: who leaves must not wait for the match
	if played {
		d.close(nil)
		leave(context.WithoutCancel(ctx), sdk, log)
	}
	return nil
}

// assignment says that players may come and returns who plays, and the match's id.
// A server started for one match has it already, and fails before it is ready when
// it cannot play it; a warm one is handed it some time after.
func assignment(ctx context.Context, sdk *gameserver.Server, log *slog.Logger) (r roster, id string, err error) {
	p, err := sdk.Payload(ctx)
	warm := errors.Is(err, gameserver.ErrNoPayload)
	if err == nil {
		r, err = newRoster(p)
	}
	if err != nil && !warm {
		return r, "", err
	}
	if err := sdk.Ready(ctx); err != nil {
		return r, "", err
	}
	log.Info("ready", "warm", warm)
	if warm {
		if p, err = sdk.WaitPayload(ctx); err != nil {
			return r, "", err
		}
		if r, err = newRoster(p); err != nil {
			return r, "", err
		}
	}
	return r, p.MatchID, nil
}

// conclude reports the result, tells players and lets them read it. SIGTERM does
// not shorten it: the fleet sends one as soon as it has the result.
func conclude(ctx context.Context, m *match, sdk *gameserver.Server) {
	m.log.Info("match over", "score", m.world.Score)
	reporting, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	result, reported := resultOf(m.world, m.roster), make(chan error, 1)
	go func() { reported <- sdk.Report(reporting, result) }()

	arrived, shownAt, waited := false, 0, 0
	// It cannot fail: ctx has no end.
	_ = m.drive(ctx, func() bool {
		waited++
		select {
		case err := <-reported:
			arrived = true
			if err != nil {
				m.log.Error("the result was not taken", "error", err)
			} else {
				m.log.Info("result reported")
			}
		default:
		}
		if m.final == nil && (arrived || waited >= ticks(m.settings.waits.report)) {
			m.finish()
			shownAt = waited
		}
		m.step()
		seen := m.final != nil && (m.here() == 0 || waited-shownAt >= ticks(m.settings.waits.stay))
		return arrived && seen
	})
}

// leave tells the fleet that the server is done.
func leave(ctx context.Context, sdk *gameserver.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	if err := sdk.Shutdown(ctx); err != nil {
		log.Warn("the fleet did not hear of the end", "error", err)
	}
}

// unlessAsked is err, or nil when the process was asked to end meanwhile.
func unlessAsked(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func seed() uint64 {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(fmt.Sprint("no randomness: ", err)) // crypto/rand does not fail
	}
	return binary.LittleEndian.Uint64(b[:])
}
