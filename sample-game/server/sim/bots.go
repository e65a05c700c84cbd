package sim

import "math"

const (
	botPace    = 0.9 // of the full speed: people should have a chance
	rethink    = 8   // ticks between choices
	hunt       = 210.0
	strike     = 95.0
	hesitate   = 10 // one in so many ticks it strikes
	dangerNear = 120.0
)

// target is what a bot has set out to do.
type target struct {
	at     vec
	figure int // index of the figure hunted, else -1
	until  int // tick of the next choice
}

// think is a bot's wish: carry home what is worth it, hunt carriers that are near,
// else fetch the spark that it is the nearest of its team to.
func (w *World) think(i int) Input {
	f := &w.Figures[i]
	if w.Tick >= f.aim.until {
		f.aim = w.choose(i)
		f.aim.until = w.Tick + rethink + w.random.IntN(4)
	}
	if h := f.aim.figure; h >= 0 {
		o := &w.Figures[h]
		// Aim at where it will be when the bot is there.
		ahead := f.pos().distance(o.pos()) / dashSpeed
		f.aim.at = o.pos().add(o.vel().scale(ahead))
	}
	d := w.steer(f.pos(), f.aim.at).scale(botPace)
	return Input{DX: d.x, DY: d.y, Dash: w.wantsDash(f)}
}

func (w *World) choose(i int) target {
	f := &w.Figures[i]
	home := w.rules.Field.Bases[f.Team].center()
	way := f.pos().distance(home)
	late := w.Left() < way/speed*1.25+1
	if f.Carry == MaxCarry || f.Carry > 0 && late {
		return target{at: home, figure: -1}
	}
	if h := w.prey(i); h >= 0 {
		return target{figure: h}
	}
	best, cost := -1, math.Inf(1)
	for k, s := range w.Sparks {
		at := vec{s.X, s.Y}
		c := f.pos().distance(at)
		if w.mateNearer(i, at, c) {
			c += 350
		}
		if c < cost {
			best, cost = k, c
		}
	}
	// With something in hand a far spark is not worth the risk.
	if best < 0 || f.Carry > 0 && cost > way*0.9 {
		if f.Carry == 0 {
			return target{at: vec{w.rules.Field.W / 2, home.y}, figure: -1}
		}
		return target{at: home, figure: -1}
	}
	return target{at: vec{w.Sparks[best].X, w.Sparks[best].Y}, figure: -1}
}

// prey is the nearest opponent with sparks that a dash can rob, -1 for none.
func (w *World) prey(i int) int {
	f := &w.Figures[i]
	best, reach := -1, hunt
	if f.Wait > 0 {
		return best
	}
	for j := range w.Figures {
		o := &w.Figures[j]
		if o.Team == f.Team || o.Carry == 0 || o.safe > 0 {
			continue
		}
		if d := f.pos().distance(o.pos()); d < reach {
			best, reach = j, d
		}
	}
	return best
}

func (w *World) mateNearer(i int, at vec, d float64) bool {
	for j := range w.Figures {
		o := &w.Figures[j]
		if j != i && o.Team == w.Figures[i].Team && o.Connected && o.Carry < MaxCarry && o.pos().distance(at) < d {
			return true
		}
	}
	return false
}

// wantsDash: into prey that is close and ahead, or home when somebody is behind.
func (w *World) wantsDash(f *Figure) bool {
	if f.Wait > 0 || f.Stun > 0 {
		return false
	}
	if h := f.aim.figure; h >= 0 {
		to := w.Figures[h].pos().sub(f.pos())
		return to.len() < strike && to.unit(f.face).dot(f.face) > 0.9 && w.random.IntN(hesitate) == 0
	}
	if f.Carry < 2 {
		return false
	}
	for j := range w.Figures {
		o := &w.Figures[j]
		if o.Team != f.Team && o.Stun == 0 && f.pos().distance(o.pos()) < dangerNear {
			return f.aim.at.sub(f.pos()).unit(f.face).dot(f.face) > 0.9
		}
	}
	return false
}

// steer is the direction from a to b, around the first obstacle in between.
func (w *World) steer(a, b vec) vec {
	way := b.sub(a)
	far := way.len()
	if far < 2 {
		return vec{}
	}
	dir := way.scale(1 / far)
	var block *Circle
	near := far
	for k := range w.rules.Field.Obstacles {
		o := &w.rules.Field.Obstacles[k]
		to := o.center().sub(a)
		along := to.dot(dir)
		if along <= 0 || along-o.R > near {
			continue
		}
		if off := math.Abs(to.x*dir.y - to.y*dir.x); off < o.R+Radius+2 {
			block, near = o, along-o.R
		}
	}
	if block == nil {
		return dir
	}
	// Pass on the side on which the way leads already: along the tangent.
	to := block.center().sub(a)
	d, r := to.len(), block.R+Radius+6
	side := 1.0
	if to.x*dir.y-to.y*dir.x < 0 {
		side = -1
	}
	angle := math.Pi / 2
	if d > r {
		angle = math.Asin(r / d)
	}
	sin, cos := math.Sincos(side * angle)
	n := to.unit(dir)
	return vec{n.x*cos - n.y*sin, n.x*sin + n.y*cos}
}
