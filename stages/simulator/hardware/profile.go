package hardware

// Profile is what surrounds the GPUs: the host's part of a step, the front end, the network and the engine's settings that go with them.
type Profile struct {
	Name             string  `json:"name"`
	HostSeconds      float64 `json:"host_seconds"`      // floor of a step: the host launching kernels
	HostWideSeconds  float64 `json:"host_wide_seconds"` // added to the floor from 4 GPUs on
	SequenceSeconds  float64 `json:"sequence_seconds"`  // per sequence and step
	AdmissionSeconds float64 `json:"admission_seconds"` // per request, one after the other, beside the engine
	NetworkSeconds   float64 `json:"network_seconds"`   // round trip, half before and half after the engine

	// ColdStallSeconds is what the first step of several sequences takes in addition, by GPU count; the nearest count below that is listed applies.
	ColdStallSeconds map[int]float64 `json:"cold_stall_seconds"`

	PrefixCache bool    `json:"prefix_cache"`
	Jitter      float64 `json:"jitter"` // relative standard deviation of a step's time
	Source      string  `json:"source"`
}

// ColdStall returns the seconds that the first step of several sequences on this many GPUs takes in addition.
func (p Profile) ColdStall(gpus int) float64 {
	best, seconds := 0, 0.0
	for n, s := range p.ColdStallSeconds {
		if n <= gpus && n > best {
			best, seconds = n, s
		}
	}
	return seconds
}
