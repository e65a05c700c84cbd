package main

import (
	"encoding/json"
	"errors"

	"github.com/muster-gg/muster/sample-game/server/sim"
)

// maxFrame bounds what a player may send at once, in bytes. A join ticket must fit.
const maxFrame = 1 << 10

// The types of messages that players send.
const (
	typeJoin  = "join"
	typeInput = "input"
	typePing  = "ping"
)

// maxPingAt bounds a ping's time, so that its answer writes it back exactly.
const maxPingAt = 1 << 53

var errMessage = errors.New("not a message of this game")

// message is any that players send; which fields count depends on T.
type message struct {
	T      string  `json:"t"`
	Ticket string  `json:"ticket"`
	DX     float64 `json:"dx"`
	DY     float64 `json:"dy"`
	Dash   bool    `json:"dash"`
	Seq    int64   `json:"seq"`
	At     float64 `json:"at"`
}

// decode reads one frame. Directions out of -1 … 1 are left to the simulation,
// which bounds them; numbers that are none, unknown types and wrong types are
// refused.
func decode(frame []byte) (message, error) {
	var m message
	if len(frame) > maxFrame || json.Unmarshal(frame, &m) != nil {
		return message{}, errMessage
	}
	switch m.T {
	case typeJoin:
		return message{T: m.T, Ticket: m.Ticket}, nil
	case typeInput:
		if m.Seq < 0 {
			return message{}, errMessage
		}
		return message{T: m.T, DX: m.DX, DY: m.DY, Dash: m.Dash, Seq: m.Seq}, nil
	case typePing:
		if m.At < -maxPingAt || m.At > maxPingAt {
			return message{}, errMessage
		}
		return message{T: m.T, At: m.At}, nil
	}
	return message{}, errMessage
}

func (m message) input() sim.Input { return sim.Input{DX: m.DX, DY: m.DY, Dash: m.Dash} }
