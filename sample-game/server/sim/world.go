package sim

import "math/rand/v2"

// Phase is where a match stands.
type Phase string

// A match waits for its players at PhaseWait, then counts down, is played, is over.
const (
	PhaseWait      Phase = "wait"
	PhaseCountdown Phase = "countdown"
	PhasePlay      Phase = "play"
	PhaseOver      Phase = "over"
)

// Seat is one figure's place in a team, 0 or 1. The world steers bots itself.
type Seat struct {
	Team int
	Bot  bool
}

// Input is a player's wish: a direction (its length, at most 1, is how fast) and
// whether to dash.
type Input struct {
	DX, DY float64
	Dash   bool
}

// Figure is a player as the world sees him.
type Figure struct {
	Seat
	X, Y, VX, VY float64
	Carry        int
	Stun         int // ticks until it moves again
	Wait         int // ticks until the next dash
	Points       int // sparks brought home
	Steals       int // sparks that opponents dropped at its dashes
	Connected    bool

	dash  int // ticks left of one
	safe  int // ticks without being hit
	face  vec
	input Input
	tap   bool // a dash was wished for since the last step
	aim   target
}

// Dashing is the number of ticks that a dash still lasts, 0 for none.
func (f *Figure) Dashing() int { return f.dash }

func (f *Figure) pos() vec { return vec{f.X, f.Y} }
func (f *Figure) vel() vec { return vec{f.VX, f.VY} }

// Spark lies in the field.
type Spark struct {
	ID   int
	X, Y float64

	settle int
}

// Kind is what an Event tells.
type Kind string

// KindScore: Player brought N sparks home. KindSteal: Player, hit by By, dropped
// N. KindPick: Player took a spark and now carries N.
const (
	KindScore Kind = "score"
	KindSteal Kind = "steal"
	KindPick  Kind = "pick"
)

// Event is something that players should hear of. Player and By are indexes of
// figures; Team is Player's for a score and a pick, By's for a steal. By is -1 but
// for a steal.
type Event struct {
	Kind   Kind
	Player int
	Team   int
	By     int
	N      int
}

// World is one match.
type World struct {
	Figures []Figure
	Sparks  []Spark
	Score   [2]int
	Tick    int
	Phase   Phase

	rules  Rules
	random *rand.Rand
	left   int // ticks of the countdown or of play
	nextID int
	spawn  int
	events []Event
}

// New sets up a match with everyone at home, in PhaseWait.
func New(r Rules, seats []Seat, seed uint64) *World {
	w := &World{
		rules: r, Phase: PhaseWait, random: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)),
		Figures: make([]Figure, len(seats)), left: r.Countdown * TickRate,
	}
	var size, placed [2]int
	for _, s := range seats {
		size[s.Team]++
	}
	for i, s := range seats {
		f := &w.Figures[i]
		f.Seat, f.Connected, f.face = s, s.Bot, vec{1 - 2*float64(s.Team), 0}
		f.X, f.Y = w.start(s.Team, placed[s.Team], size[s.Team])
		placed[s.Team]++
	}
	return w
}

// start is the place of the k-th of n of a team: a column before its base.
func (w *World) start(team, k, n int) (x, y float64) {
	field := w.rules.Field
	gap := min(3.2*Radius, (field.H-4*Radius)/float64(n))
	return field.Bases[team].X, field.Bases[team].Y + (float64(k)-float64(n-1)/2)*gap
}

// Start begins the countdown. It does nothing after the first time.
func (w *World) Start() {
	if w.Phase == PhaseWait {
		w.Phase = PhaseCountdown
	}
}

// End stops the match at its standing, and everybody where he is.
func (w *World) End() {
	w.Phase = PhaseOver
	for i := range w.Figures {
		w.Figures[i].VX, w.Figures[i].VY = 0, 0
	}
}

// Set takes a player's wish for the next steps. Values out of range are bounded,
// what is not a number is nothing. A wish for a bot is passed over.
func (w *World) Set(i int, in Input) {
	if w.Figures[i].Bot {
		return
	}
	f := &w.Figures[i]
	f.input = in.bounded()
	// A tap that is let go before the next step counts too.
	f.tap = f.tap || in.Dash
}

// Connect says whether a player is there; one who is not stands still.
func (w *World) Connect(i int, there bool) {
	f := &w.Figures[i]
	f.Connected = there || f.Bot
	f.input, f.tap = Input{}, false
}

// Left is the time that the phase has left, in seconds: of the countdown (the
// whole of it while waiting) or of play; 0 when over.
func (w *World) Left() float64 {
	if w.Phase == PhaseOver {
		return 0
	}
	return float64(w.left) * dt
}

// Winner is the team with more points, -1 for a draw.
func (w *World) Winner() int {
	switch {
	case w.Score[0] > w.Score[1]:
		return 0
	case w.Score[1] > w.Score[0]:
		return 1
	}
	return -1
}

// Step advances the match by one tick and returns what happened. The slice is
// good until the next step.
func (w *World) Step() []Event {
	w.Tick++
	w.events = w.events[:0]
	switch w.Phase {
	case PhaseCountdown:
		if w.left--; w.left <= 0 {
			w.Phase, w.left = PhasePlay, w.rules.Seconds*TickRate
			w.fill()
		}
	case PhasePlay:
		w.play()
		if w.left--; w.left <= 0 || max(w.Score[0], w.Score[1]) >= w.rules.Goal {
			w.End()
		}
	}
	return w.events
}

func (w *World) play() {
	w.spawnSparks()
	for i := range w.Figures {
		f := &w.Figures[i]
		if f.Bot {
			f.input = w.think(i).bounded()
		}
		w.move(f)
	}
	w.collide()
	for k := range w.Figures {
		// Neither team is always the first to strike.
		if w.Tick%2 == 1 {
			k = len(w.Figures) - 1 - k
		}
		w.hit(k)
	}
	for i := range w.Figures {
		w.pick(i)
		w.bring(i)
	}
}
