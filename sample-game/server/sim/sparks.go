package sim

import "math"

// total is the number of sparks, in the field and carried.
func (w *World) total() int {
	n := len(w.Sparks)
	for i := range w.Figures {
		n += w.Figures[i].Carry
	}
	return n
}

// fill puts the first sparks into the field.
func (w *World) fill() {
	for w.total() < w.rules.Sparks*2/3 {
		w.addSpark()
	}
}

func (w *World) spawnSparks() {
	for i := range w.Sparks {
		w.Sparks[i].settle = max(0, w.Sparks[i].settle-1)
	}
	if w.spawn++; w.spawn < spawnEvery {
		return
	}
	w.spawn = 0
	if w.total() < w.rules.Sparks {
		w.addSpark()
	}
}

// addSpark puts one somewhere in the middle three fifths of the field.
func (w *World) addSpark() {
	field := w.rules.Field
	at := vec{
		field.W * (0.2 + 0.6*w.random.Float64()),
		field.H * (0.08 + 0.84*w.random.Float64()),
	}
	w.place(at, 0)
}

func (w *World) place(at vec, settle int) {
	at = w.free(at)
	w.nextID++
	w.Sparks = append(w.Sparks, Spark{ID: w.nextID, X: at.x, Y: at.y, settle: settle})
}

// free is the nearest place to at where a figure can reach a spark.
func (w *World) free(at vec) vec {
	field := w.rules.Field
	for _, o := range field.Obstacles {
		away := at.sub(o.center())
		if reach := o.R + Radius; away.len() < reach {
			at = o.center().add(away.unit(vec{0, 1}).scale(reach))
		}
	}
	return vec{max(Radius, min(field.W-Radius, at.x)), max(Radius, min(field.H-Radius, at.y))}
}

// pick takes the sparks that a figure touches and can carry.
func (w *World) pick(i int) {
	f := &w.Figures[i]
	if f.Stun > 0 || !f.Connected {
		return
	}
	for k := 0; k < len(w.Sparks) && f.Carry < MaxCarry; {
		s := w.Sparks[k]
		if s.settle > 0 || f.pos().distance(vec{s.X, s.Y}) > Radius+SparkRadius {
			k++
			continue
		}
		w.Sparks = append(w.Sparks[:k], w.Sparks[k+1:]...)
		f.Carry++
		w.tell(Event{Kind: KindPick, Player: i, Team: f.Team, By: -1, N: f.Carry})
	}
}

// bring scores what a figure carries into its own base.
func (w *World) bring(i int) {
	f := &w.Figures[i]
	base := w.rules.Field.Bases[f.Team]
	if f.Carry == 0 || f.pos().distance(base.center()) > base.R {
		return
	}
	n := f.Carry
	f.Carry, f.Points = 0, f.Points+n
	w.Score[f.Team] += n
	w.tell(Event{Kind: KindScore, Player: i, Team: f.Team, By: -1, N: n})
}

// hit looks whom figure i dashes into: the first opponent in reach is stunned and
// drops its sparks.
func (w *World) hit(i int) {
	f := &w.Figures[i]
	if f.dash == 0 || f.Stun > 0 {
		return
	}
	for j := range w.Figures {
		o := &w.Figures[j]
		if o.Team == f.Team || o.safe > 0 || f.pos().distance(o.pos()) > 2*Radius+4 {
			continue
		}
		n := o.Carry
		o.Carry, o.Stun, o.safe, o.dash = 0, stunTicks, safeTicks, 0
		push := f.face.scale(dashSpeed / 2)
		o.VX, o.VY, f.VX, f.VY = push.x, push.y, 0, 0
		f.dash, f.Steals = 0, f.Steals+n
		w.scatter(o.pos(), n)
		w.tell(Event{Kind: KindSteal, Player: j, Team: f.Team, By: i, N: n})
		return
	}
}

// scatter drops n sparks in a ring around at.
func (w *World) scatter(at vec, n int) {
	turn := w.random.Float64() * 2 * math.Pi
	for k := range n {
		sin, cos := math.Sincos(turn + float64(k)*2*math.Pi/float64(n))
		w.place(at.add(vec{cos, sin}.scale(2.6*Radius)), settle)
	}
}

func (w *World) tell(e Event) { w.events = append(w.events, e) }
