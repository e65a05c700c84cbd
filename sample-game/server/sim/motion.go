package sim

import "math"

// bounded makes a wish safe to use: finite and of length at most 1.
func (in Input) bounded() Input {
	d := vec{finite(in.DX), finite(in.DY)}
	if n := d.len(); n > 1 {
		d = d.scale(1 / n)
	}
	return Input{DX: d.x, DY: d.y, Dash: in.Dash}
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return max(-1, min(1, v))
}

// move advances one figure.
func (w *World) move(f *Figure) {
	wish := vec{f.input.DX, f.input.DY}
	f.Wait, f.safe = max(0, f.Wait-1), max(0, f.safe-1)
	if f.Stun > 0 {
		f.Stun--
		wish, f.dash = vec{}, 0
	}
	f.face = wish.unit(f.face)
	dash := f.input.Dash || f.tap
	f.tap = false
	if dash && f.Wait == 0 && f.Stun == 0 {
		f.dash, f.Wait = dashTicks, dashWait
	}
	v := f.vel()
	if f.dash > 0 {
		f.dash--
		v = f.face.scale(dashSpeed)
	} else {
		want := wish.scale(speed * (1 - carrySlow*float64(f.Carry)))
		v = v.add(want.sub(v).scale(quickness * dt))
	}
	f.VX, f.VY = v.x, v.y
	f.X, f.Y = f.X+v.x*dt, f.Y+v.y*dt
	w.confine(f)
}

// confine keeps a figure inside the walls and out of obstacles, which do not
// touch each other or the walls closely enough to squeeze one.
func (w *World) confine(f *Figure) {
	for _, o := range w.rules.Field.Obstacles {
		away := f.pos().sub(o.center())
		if depth := o.R + Radius - away.len(); depth > 0 {
			n := away.unit(vec{0, 1})
			f.X, f.Y = o.X+n.x*(o.R+Radius), o.Y+n.y*(o.R+Radius)
			if into := f.vel().dot(n); into < 0 {
				v := f.vel().sub(n.scale(into))
				f.VX, f.VY = v.x, v.y
			}
		}
	}
	f.X, f.VX = wall(f.X, f.VX, w.rules.Field.W)
	f.Y, f.VY = wall(f.Y, f.VY, w.rules.Field.H)
}

func wall(at, v, size float64) (float64, float64) {
	if at < Radius {
		return Radius, max(0, v)
	}
	if at > size-Radius {
		return size - Radius, min(0, v)
	}
	return at, v
}

// collide moves figures that overlap apart, each by half.
func (w *World) collide() {
	for i := range w.Figures {
		for j := i + 1; j < len(w.Figures); j++ {
			a, b := &w.Figures[i], &w.Figures[j]
			apart := b.pos().sub(a.pos())
			depth := 2*Radius - apart.len()
			if depth <= 0 {
				continue
			}
			if a.dash > 0 || b.dash > 0 {
				continue // a hit is judged first
			}
			n := apart.unit(vec{0, 1}).scale(depth / 2)
			a.X, a.Y, b.X, b.Y = a.X-n.x, a.Y-n.y, b.X+n.x, b.Y+n.y
			w.confine(a)
			w.confine(b)
		}
	}
}
