package transport

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
)

// scale is a Latencies that notes.
type scale struct {
	mu        sync.Mutex
	regions   map[string]map[string]int
	forgotten []string
	down      error
}

func (s *scale) Report(_ context.Context, account string, regions map[string]int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions[account] = regions
	return s.down
}

func (s *scale) Forget(_ context.Context, account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = append(s.forgotten, account)
	return nil
}

func TestLatencies(t *testing.T) {
	kept := &scale{regions: map[string]map[string]int{}}
	n := start(t, func(s *setup) { s.Games[0].Latencies = kept })
	ann := n.player("ann")
	ann.send(`{"type":"latency","regions":{"us-east":31.4,"eu-central":98}}`)
	ann.send(`{"type":"latency","id":"l","regions":{"us-east":31.4,"eu-central":98}}`)
	ann.said(`{"type":"ack","replyTo":"l"}`)
	kept.mu.Lock()
	if got := kept.regions["ann"]; !maps.Equal(got, map[string]int{"us-east": 31, "eu-central": 98}) {
		t.Errorf("kept %v", got)
	}
	kept.down = errors.New("the disk is full")
	kept.mu.Unlock()
	ann.send(`{"type":"latency","id":"l","regions":{}}`)
	ann.refused("internal", "Internal error")
	ann.send(`{"type":"latency","id":"l","regions":{"us-east":-1}}`)
	ann.refused("invalid_field", "")
	if status, body := n.do("DELETE", "/accounts/me", token("ann"), ""); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	if len(kept.forgotten) != 1 || kept.forgotten[0] != "ann" {
		t.Errorf("forgotten %v", kept.forgotten)
	}
}
