package gameserver

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
)

// PayloadAnnotation is the annotation that holds the launch payload.
const PayloadAnnotation = "GAMEFLOW_PAYLOAD"

// GameServer is what the platform knows of this server. The launch payload among
// its annotations holds secrets, so it prints as its name and state alone.
type GameServer struct {
	Name string
	// State is Scheduled, Starting, RequestReady, Ready, Reserved, Allocated,
	// Shutdown or Unhealthy.
	State       string
	Address     string
	Ports       []Port
	Labels      map[string]string
	Annotations map[string]string
	Lists       map[string]List
}

// Port is a port of the game server as players reach it.
type Port struct {
	Name string
	Port int
}

// List is a list of values that the platform keeps for this server.
type List struct {
	Capacity int64
	Values   []string
}

// UnmarshalJSON reads both spellings of names, and numbers that are strings.
func (g *GameServer) UnmarshalJSON(b []byte) error {
	var top, meta, status object
	if err := json.Unmarshal(b, &top); err != nil {
		return err
	}
	return first(
		func() error { return top.read("objectMeta", &meta) },
		func() error { return top.read("status", &status) },
		func() error { return meta.read("name", &g.Name) },
		func() error { return meta.read("labels", &g.Labels) },
		func() error { return meta.read("annotations", &g.Annotations) },
		func() error { return status.read("state", &g.State) },
		func() error { return status.read("address", &g.Address) },
		func() error { return status.read("ports", &g.Ports) },
		func() error { return status.read("lists", &g.Lists) },
	)
}

// UnmarshalJSON accepts a number that is a string.
func (p *Port) UnmarshalJSON(b []byte) error {
	var raw struct {
		Name string  `json:"name"`
		Port integer `json:"port"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	if raw.Port < 0 || raw.Port > math.MaxUint16 {
		return fmt.Errorf("port %d is out of range", raw.Port)
	}
	p.Name, p.Port = raw.Name, int(raw.Port)
	return nil
}

// UnmarshalJSON accepts a number that is a string.
func (l *List) UnmarshalJSON(b []byte) error {
	var raw struct {
		Capacity integer  `json:"capacity"`
		Values   []string `json:"values"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	l.Capacity, l.Values = int64(raw.Capacity), raw.Values
	return nil
}

// first runs the steps up to the first error.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// String leaves the annotations out: the launch payload in them holds secrets.
func (g GameServer) String() string { return "game server " + g.Name + " (" + g.State + ")" }

// GoString leaves the annotations out.
func (g GameServer) GoString() string { return g.String() }

// LogValue leaves the annotations out.
func (g GameServer) LogValue() slog.Value { return slog.StringValue(g.String()) }
