package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/allocation/local"
)

const (
	fleetName   = "platform"
	bootTimeout = 2 * time.Minute
	stopGrace   = 5 * time.Second
)

// servers runs a process for each server that the platform makes.
type servers struct {
	fleet *local.Fleet
	book  *book
	next  atomic.Int64
}

func startServers(ctx context.Context, s settings, b *book) (*servers, error) {
	fleet, err := local.New(local.Options{
		Game: fleetName, Command: s.command, Env: s.env, Ports: s.ports, Address: s.address,
		Timeout: bootTimeout, HealthTimeout: time.Minute, Max: 1 + s.ports.Last - s.ports.First, MaxPlayers: s.maxPlayers, StopGrace: stopGrace,
		LogDir: filepath.Join(s.data, "logs"), StateDir: filepath.Join(s.data, "servers"), Region: "local",
	})
	if err != nil {
		return nil, err
	}
	made := &servers{fleet: fleet, book: b}
	return made, fleet.Start(ctx, made)
}

// make starts a server for a call and waits until it is ready.
func (s *servers) make(ctx context.Context, c gameflowtest.Call) (gameflowtest.Made, error) {
	id := fmt.Sprintf("gs-%d-%d", os.Getpid(), s.next.Add(1))
	server, err := s.fleet.Allocate(ctx, allocation.Request{
		Game: fleetName, MatchID: id, Payload: func(string) ([]byte, error) { return []byte(c.Payload), nil },
	})
	return gameflowtest.Made{Name: server.Name, Address: server.Address, Port: server.Port}, err
}

func (s *servers) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*stopGrace)
	defer cancel()
	return s.fleet.Stop(ctx)
}

// ServerEnded implements allocation.Observer.
func (s *servers) ServerEnded(_ context.Context, _, id string, end allocation.End) {
	s.book.line("server %s ended: %s", id, end)
}

// Result implements allocation.Observer: results go to the backend, as the payload says.
func (s *servers) Result(context.Context, string, string, string, []byte) (int, []byte) {
	return http.StatusNotFound, []byte(`{"code":5,"message":"this is no place for results","details":[]}`)
}

var _ allocation.Observer = (*servers)(nil)
