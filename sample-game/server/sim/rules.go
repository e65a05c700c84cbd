package sim

// TickRate is the number of steps a second.
const TickRate = 30

const dt = 1.0 / TickRate

// The rules of movement and play. Speeds are in units a second.
const (
	Radius      = 18.0 // of a figure
	SparkRadius = 10.0
	MaxCarry    = 3

	speed      = 255.0
	carrySlow  = 0.06 // of the speed, a spark
	quickness  = 9.0  // share of the wish that the speed takes on, a second
	dashSpeed  = 720.0
	dashTicks  = 5
	dashWait   = 5 * TickRate / 2
	stunTicks  = 36
	safeTicks  = 75 // after a hit: the stun and a breath more
	settle     = 12 // a dropped spark cannot be picked up yet
	spawnEvery = 30
)

// Circle is a round obstacle or base.
type Circle struct {
	X, Y, R float64
}

// Field is the arena. Team 0 has the first base.
type Field struct {
	W, H      float64
	Obstacles []Circle
	Bases     [2]Circle
}

// Rules are what differs between the modes of the game.
type Rules struct {
	Field Field
	// Seconds is the length of a match without its countdown.
	Seconds int
	// Countdown is in seconds.
	Countdown int
	// Goal is the number of points that ends a match early.
	Goal int
	// Sparks is how many there are at most, in the field and carried.
	Sparks int
}

// Arena returns the rules for teams of up to four or so.
func Arena() Rules {
	return Rules{
		Field: Field{
			W: 1600, H: 900,
			Obstacles: []Circle{
				{800, 450, 70}, {480, 230, 55}, {480, 670, 55}, {1120, 230, 55}, {1120, 670, 55},
				{800, 120, 40}, {800, 780, 40},
			},
			Bases: [2]Circle{{110, 450, 90}, {1490, 450, 90}},
		},
		Seconds: 100, Countdown: 3, Goal: 40, Sparks: 10,
	}
}

// Duel returns the rules for one against one.
func Duel() Rules {
	return Rules{
		Field: Field{
			W: 1100, H: 700,
			Obstacles: []Circle{
				{550, 350, 60}, {320, 170, 45}, {320, 530, 45}, {780, 170, 45}, {780, 530, 45},
			},
			Bases: [2]Circle{{95, 350, 80}, {1005, 350, 80}},
		},
		Seconds: 60, Countdown: 3, Goal: 15, Sparks: 5,
	}
}
