package sim

import "math"

type vec struct{ x, y float64 }

func (a vec) add(b vec) vec          { return vec{a.x + b.x, a.y + b.y} }
func (a vec) sub(b vec) vec          { return vec{a.x - b.x, a.y - b.y} }
func (a vec) scale(f float64) vec    { return vec{a.x * f, a.y * f} }
func (a vec) dot(b vec) float64      { return a.x*b.x + a.y*b.y }
func (a vec) len() float64           { return math.Hypot(a.x, a.y) }
func (a vec) distance(b vec) float64 { return a.sub(b).len() }

// unit is the direction of a, or that of otherwise when a has none.
func (a vec) unit(otherwise vec) vec {
	n := a.len()
	if n < 1e-9 {
		return otherwise
	}
	return a.scale(1 / n)
}

func (c Circle) center() vec { return vec{c.X, c.Y} }
