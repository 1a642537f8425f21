// Package think is how long a user pauses between the end of an answer and the next request: a length of time, or a distribution.
//
// Its invariant: equal times have equal JSON, whatever they were written as; and what is drawn follows from the seed, the trial, who pauses and for the
// how manieth time, and from nothing else.
package think

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Kind is the shape of a distribution.
type Kind string

const (
	// Constant times are all the same.
	Constant Kind = "constant"
	// Uniform times lie between two bounds, each as likely as the others.
	Uniform Kind = "uniform"
	// Exponential times have a mean and no memory: as long as somebody has paused already, so long the rest takes.
	Exponential Kind = "exponential"
)

// Time is a length of time, or a distribution of such. The zero value is none at all.
type Time struct {
	Kind   Kind
	Length time.Duration // of Constant; the mean of Exponential, before Max is applied
	Lo, Hi time.Duration // of Uniform
	Max    time.Duration // of Exponential: longer ones are cut to it; 0: none are
}

// Of is a constant time.
func Of(d time.Duration) Time {
	if d == 0 {
		return Time{}
	}
	return Time{Kind: Constant, Length: d}
}

// IsZero says that nobody pauses.
func (t Time) IsZero() bool { return t.Kind == "" }

// Mean is the expected time.
func (t Time) Mean() time.Duration {
	switch {
	case t.Kind == Uniform:
		return t.Lo/2 + t.Hi/2
	case t.Kind == Exponential && t.Max > 0: // of min(x, max): mean × (1 − e^(−max/mean))
		return time.Duration(float64(t.Length) * -math.Expm1(-float64(t.Max)/float64(t.Length)))
	}
	return t.Length
}

// String says in words what a time is: "2s", "uniform(1s, 3s)", "exponential(2s)", "exponential(2s) to 10s".
func (t Time) String() string {
	switch t.Kind {
	case Uniform:
		return fmt.Sprintf("uniform(%v, %v)", t.Lo, t.Hi)
	case Exponential:
		if t.Max > 0 {
			return fmt.Sprintf("exponential(%v) to %v", t.Length, t.Max)
		}
		return fmt.Sprintf("exponential(%v)", t.Length)
	}
	return t.Length.String()
}

// shape is a distribution in JSON.
type shape struct {
	Exponential string   `json:"exponential,omitempty"`
	Max         string   `json:"max,omitempty"`
	Uniform     []string `json:"uniform,omitempty"`
}

// MarshalJSON is the form in which a time enters a checkpoint key: the duration of a constant one, an object for the others.
func (t Time) MarshalJSON() ([]byte, error) {
	switch t.Kind {
	case Uniform:
		return json.Marshal(shape{Uniform: []string{t.Lo.String(), t.Hi.String()}})
	case Exponential:
		s := shape{Exponential: t.Length.String()}
		if t.Max > 0 {
			s.Max = t.Max.String()
		}
		return json.Marshal(s)
	}
	return json.Marshal(t.Length.String())
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(text []byte) error {
	var s shape
	var constant string
	if json.Unmarshal(text, &constant) == nil {
		d, err := time.ParseDuration(constant)
		*t = Of(d)
		return err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	texts, into := []string{s.Exponential, s.Max}, []*time.Duration{&t.Length, &t.Max}
	*t = Time{Kind: Exponential}
	if s.Exponential == "" {
		if len(s.Uniform) != 2 {
			return fmt.Errorf("think time %s: want a duration or a distribution", text)
		}
		*t = Time{Kind: Uniform}
		texts, into = s.Uniform, []*time.Duration{&t.Lo, &t.Hi}
	}
	for i, text := range texts {
		if text == "" {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("think time: %w", err)
		}
		*into[i] = d
	}
	return nil
}

// Draws are the pauses of one trial. They are safe for concurrent use.
type Draws struct {
	Time
	seed [sha256.Size]byte
}

// NewDraws returns the pauses of a trial of a suite with this seed: cells that are compared have the same ones.
func NewDraws(t Time, seed int64, trial int) Draws {
	return Draws{t, sha256.Sum256(fmt.Appendf(nil, "think %d %d", seed, trial))}
}

// At returns how long someone pauses for the n-th time.
func (d Draws) At(who, n int64) time.Duration {
	if d.Kind != Uniform && d.Kind != Exponential {
		return d.Length
	}
	key := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(d.seed[:len(d.seed):len(d.seed)], uint64(who)), uint64(n))
	sum := sha256.Sum256(key)
	rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
	if d.Kind == Uniform {
		return d.Lo + time.Duration(rng.Int64N(int64(d.Hi-d.Lo)+1))
	}
	drawn := time.Duration(rng.ExpFloat64() * float64(d.Length))
	if d.Max > 0 {
		drawn = min(drawn, d.Max)
	}
	return drawn
}
