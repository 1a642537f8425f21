package phase

import "time"

// Stretch is a part of a load in which it is one thing: a ramp, or what is held from there to the end of the phase.
type Stretch struct {
	Phase      int           // from 1
	From, To   time.Duration // since the load began
	Begin, End float64       // users, or requests a second, at its ends; the same where they are held
}

// Ramp reports whether users or the rate change within the stretch.
func (s Stretch) Ramp() bool { return s.Begin != s.End }

// Stretches are those of the phases, in order: of a phase with a ramp these are the ramp and, where it is not all of it, what comes after. They have no
// gaps between them, and none is empty.
func (p Phases) Stretches() []Stretch {
	var all []Stretch
	var now time.Duration
	before := 0.0
	for i, phase := range p {
		target, ramp := phase.level(), phase.Ramp
		if target == before {
			ramp = 0 // there is nothing to change
		}
		if ramp > 0 {
			all = append(all, Stretch{i + 1, now, now + ramp, before, target})
		}
		if phase.Duration > ramp {
			all = append(all, Stretch{i + 1, now + ramp, now + phase.Duration, target, target})
		}
		now += phase.Duration
		before = target
	}
	return all
}

// level is how much is sent at the phase's end.
func (p Phase) level() float64 { return max(float64(p.Users), p.RateRPS) }
