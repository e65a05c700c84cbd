package main

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/muster-gg/muster/sample-game/server/sim"
)

// The codes of error messages; after one the socket is closed.
const (
	codeTicket   = "bad_ticket"
	codeReplaced = "replaced"
	codeFast     = "too_fast"
	codeSlow     = "slow"
	codeEnded    = "ended"
)

// encode writes a message that always encodes: strings, numbers and lists.
func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

func encodeError(code, text string) []byte {
	return encode(struct {
		T       string `json:"t"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}{"error", code, text})
}

type circle struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	R float64 `json:"r"`
}

type base struct {
	Team int `json:"team"`
	circle
}

type fieldMap struct {
	W         float64  `json:"w"`
	H         float64  `json:"h"`
	Obstacles []circle `json:"obstacles"`
	Bases     []base   `json:"bases"`
}

func encodeWelcome(you string, s settings, r roster) []byte {
	field := s.rules.Field
	m := fieldMap{W: field.W, H: field.H, Obstacles: []circle{}}
	for _, o := range field.Obstacles {
		m.Obstacles = append(m.Obstacles, circle(o))
	}
	for team, b := range field.Bases {
		m.Bases = append(m.Bases, base{team, circle(b)})
	}
	return encode(struct {
		T        string   `json:"t"`
		You      string   `json:"you"`
		Mode     string   `json:"mode"`
		Map      fieldMap `json:"map"`
		Teams    []string `json:"teams"`
		Players  []seat   `json:"players"`
		Duration int      `json:"duration"`
		Goal     int      `json:"goal"`
		Tick     int      `json:"tick"`
	}{"welcome", you, s.mode, m, r.teams[:], r.players, s.rules.Seconds, s.rules.Goal, sim.TickRate})
}

func encodeEvent(e sim.Event) []byte {
	m := struct {
		T      string `json:"t"`
		Kind   string `json:"kind"`
		Player int    `json:"player"`
		Team   int    `json:"team"`
		By     *int   `json:"by,omitempty"`
		N      *int   `json:"n,omitempty"`
	}{T: "event", Kind: string(e.Kind), Player: e.Player, Team: e.Team}
	if e.By >= 0 {
		m.By = &e.By
	}
	if e.N >= 0 {
		m.N = &e.N
	}
	return encode(m)
}

type standing struct {
	ID     string `json:"id"`
	Points int    `json:"points"`
	Steals int    `json:"steals"`
}

func encodeOver(w *sim.World, r roster) []byte {
	m := struct {
		T       string     `json:"t"`
		Score   [2]int     `json:"score"`
		Winner  *int       `json:"winner"`
		Players []standing `json:"players"`
	}{T: "over", Score: w.Score}
	if n := w.Winner(); n >= 0 {
		m.Winner = &n
	}
	for i, p := range r.players {
		m.Players = append(m.Players, standing{p.ID, w.Figures[i].Points, w.Figures[i].Steals})
	}
	return encode(m)
}

func encodePong(at float64) []byte {
	return append(number([]byte(`{"t":"pong","at":`), at, 1000), '}')
}

// appendState writes what is the same for everybody; finishState adds a player's own.
func appendState(b []byte, w *sim.World) []byte {
	phase := w.Phase
	if phase == sim.PhaseWait {
		phase = sim.PhaseCountdown
	}
	b = strconv.AppendInt(append(b, `{"t":"state","tick":`...), int64(w.Tick), 10)
	b = number(append(b, `,"left":`...), w.Left(), 10)
	b = strconv.AppendInt(append(b, `,"score":[`...), int64(w.Score[0]), 10)
	b = strconv.AppendInt(append(b, ','), int64(w.Score[1]), 10)
	b = append(append(append(b, `],"phase":"`...), phase...), `","p":[`...)
	for i := range w.Figures {
		b = appendFigure(b, i, &w.Figures[i])
	}
	b = append(b, `],"s":[`...)
	for i, s := range w.Sparks {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '['), int64(s.ID), 10)
		b = number(append(b, ','), s.X, 10)
		b = append(number(append(b, ','), s.Y, 10), ']')
	}
	return append(b, ']')
}

func appendFigure(b []byte, i int, f *sim.Figure) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	b = strconv.AppendInt(append(b, '['), int64(i), 10)
	for _, v := range [...]float64{f.X, f.Y, f.VX, f.VY} {
		b = number(append(b, ','), v, 10)
	}
	here := 0
	if f.Connected {
		here = 1
	}
	const tick = 1000 / sim.TickRate
	for _, n := range [...]int{f.Carry, f.Stun * tick, f.Dashing() * tick, here} {
		b = strconv.AppendInt(append(b, ','), int64(n), 10)
	}
	return append(b, ']')
}

// finishState returns a frame of its own: clients keep it in their queues.
func finishState(shared []byte, ack int64) []byte {
	b := make([]byte, 0, len(shared)+32)
	b = strconv.AppendInt(append(append(b, shared...), `,"ack":`...), ack, 10)
	return append(b, '}')
}

// number writes v rounded to 1/parts.
func number(b []byte, v, parts float64) []byte {
	return strconv.AppendFloat(b, math.Round(v*parts)/parts+0, 'f', -1, 64)
}
