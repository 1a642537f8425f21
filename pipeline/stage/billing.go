package stage

import "time"

// Billing is what an estimate of cost has to know of a provider.
type Billing struct {
	Free    bool          // its GPUs cost nothing, or are paid for whether they are used or not
	Startup time.Duration // from create to ready, in general
}
