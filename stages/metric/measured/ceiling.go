package measured

import "time"

// Ceiling is the most that a client on some machine keeps up with: answers whose tokens come 20 ms apart are read without delays that matter.
type Ceiling struct {
	Streams         int       `json:"streams"`            // answers at once
	ChunksPerSecond float64   `json:"chunks_per_second"`  // over all of them
	AtLeast         bool      `json:"at_least,omitempty"` // the search ended before it found more than the client keeps up with
	MeasuredAt      time.Time `json:"measured_at,omitzero"`
	Machine         Machine   `json:"machine,omitzero"`
	Version         string    `json:"version,omitempty"` // of the program that measured
}

// Machine is what a ceiling depends on.
type Machine struct {
	Host     string `json:"host"`
	CPU      string `json:"cpu"` // model
	MaxProcs int    `json:"gomaxprocs"`
}

// Measured reports whether the figures were found on the machine that they are about, and are not merely taken for granted.
func (c Ceiling) Measured() bool { return !c.MeasuredAt.IsZero() }

// DefaultCeiling is what one processor of any machine of these years keeps up with: half of what a slow virtual one was found to.
func DefaultCeiling() Ceiling { return Ceiling{Streams: 1024, ChunksPerSecond: 50_000} }
