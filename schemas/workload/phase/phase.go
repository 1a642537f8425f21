// Package phase is a load that changes as it goes on: phases of so many users, or of so many requests a second.
//
// Its invariant: phases that were decoded are all of users or all of a rate, each has a length, and one of them sends something.
package phase

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Phase is a stretch of a load.
type Phase struct {
	Users    int           // in flight at its end: closed loop
	RateRPS  float64       // sent per second at its end: open loop
	Ramp     time.Duration // how long users take to begin or to end, or the rate to get from that of the phase before, evenly; within Duration
	Duration time.Duration
}

// Phases are those of one load, one after another.
type Phases []Phase

// Open reports phases of a rate.
func (p Phases) Open() bool { return p.PeakRPS() > 0 }

// Duration is how long all of them take.
func (p Phases) Duration() (total time.Duration) {
	for _, phase := range p {
		total += phase.Duration
	}
	return total
}

// MostUsers is the most users of any of them; 0 where they have a rate.
func (p Phases) MostUsers() (most int) {
	for _, phase := range p {
		most = max(most, phase.Users)
	}
	return most
}

// PeakRPS is the highest rate of any of them; 0 where they have users.
func (p Phases) PeakRPS() (peak float64) {
	for _, phase := range p {
		peak = max(peak, phase.RateRPS)
	}
	return peak
}

// MeanRPS is the rate over all of them: the requests that are due ÷ how long they take, to six digits after the point.
func (p Phases) MeanRPS() float64 {
	due, before := 0.0, 0.0
	for _, phase := range p {
		due += (before+phase.RateRPS)/2*phase.Ramp.Seconds() + phase.RateRPS*(phase.Duration-phase.Ramp).Seconds()
		before = phase.RateRPS
	}
	return math.Round(1e6*due/p.Duration().Seconds()) / 1e6
}

// mostNamed is how many phases are named one by one.
const mostNamed = 6

// String is a short name of what they go through, such as "8-16-8u" or "5-20rps"; of many phases the lowest and the highest, "1-to-64u".
func (p Phases) String() string {
	unit := "u"
	if p.Open() {
		unit = "rps"
	}
	var targets []string
	for _, phase := range p {
		targets = append(targets, phase.target())
	}
	if len(p) > mostNamed {
		compare := func(a, b Phase) int { return cmp.Or(cmp.Compare(a.Users, b.Users), cmp.Compare(a.RateRPS, b.RateRPS)) }
		targets = []string{slices.MinFunc(p, compare).target(), "to", slices.MaxFunc(p, compare).target()}
	}
	return strings.Join(targets, "-") + unit
}

func (p Phase) target() string {
	if p.RateRPS > 0 {
		return strconv.FormatFloat(p.RateRPS, 'g', -1, 64)
	}
	return strconv.Itoa(p.Users)
}

// shape is a phase in JSON.
type shape struct {
	Users    *int     `json:"users,omitempty"`
	Rate     *float64 `json:"rate,omitempty"`
	Ramp     string   `json:"ramp,omitempty"`
	Duration string   `json:"duration"`
}

// MarshalJSON is the form in which phases enter a checkpoint key.
func (p Phases) MarshalJSON() ([]byte, error) {
	shapes := make([]shape, 0, len(p))
	for _, phase := range p {
		s := shape{Duration: phase.Duration.String()}
		if phase.Ramp > 0 {
			s.Ramp = phase.Ramp.String()
		}
		if p.Open() {
			s.Rate = &phase.RateRPS
		} else {
			s.Users = &phase.Users
		}
		shapes = append(shapes, s)
	}
	return json.Marshal(shapes)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Phases) UnmarshalJSON(text []byte) error {
	var shapes []shape
	if err := json.Unmarshal(text, &shapes); err != nil {
		return err
	}
	*p = nil
	for i, s := range shapes {
		var phase Phase
		if s.Users != nil {
			phase.Users = *s.Users
		}
		if s.Rate != nil {
			phase.RateRPS = *s.Rate
		}
		for _, span := range []struct {
			text string
			into *time.Duration
		}{{s.Ramp, &phase.Ramp}, {s.Duration, &phase.Duration}} {
			if span.text == "" {
				continue
			}
			d, err := time.ParseDuration(span.text)
			if err != nil {
				return fmt.Errorf("phase %d: %w", i+1, err)
			}
			*span.into = d
		}
		*p = append(*p, phase)
	}
	return nil
}
