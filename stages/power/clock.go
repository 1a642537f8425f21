package power

import (
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// clockMemory is how far back readings are believed to tell of the clock as it is now.
const clockMemory = time.Minute

// offset is by how much a sampler's clock is ahead of the load's, as far as it is known. Its zero value knows nothing.
type offset struct {
	least, most       time.Duration
	hasLeast, hasMost bool
}

// told takes in a time that the sampler gave, heard at a time of the load's clock: it was read no later than that.
func (o *offset) told(sampler, heard int64) {
	if d := time.Duration(sampler - heard); !o.hasLeast || d > o.least {
		o.least, o.hasLeast = d, true
	}
}

// probe takes in a time that the sampler gave between two readings of the load's clock.
func (o *offset) probe(asked, sampler, heard int64) {
	o.told(sampler, heard)
	if d := time.Duration(sampler - asked); !o.hasMost || d < o.most {
		o.most, o.hasMost = d, true
	}
}

// bound is a bound on the offset either way, for a clock that is taken for the load's unless something says otherwise: zero where
// the probes allow for it. Where there is no upper end, the way of the readings is as short as the shortest seen: what is behind may be that far behind.
func (o offset) bound() time.Duration {
	switch {
	case !o.hasLeast:
		return 0
	case !o.hasMost:
		return o.least.Abs()
	case o.least <= 0 && o.most >= 0:
		return 0
	default:
		return max(o.least.Abs(), o.most.Abs())
	}
}

// stepBack is the furthest that the times of one GPU's rows, in the order in which they came, fall back behind one that came before.
func stepBack(rows []table.Power) time.Duration {
	latest := map[string]int64{}
	var step int64
	for _, r := range rows {
		if before, ok := latest[r.GPUUUID]; ok {
			step = max(step, before-r.TUnixNS)
		}
		latest[r.GPUUUID] = max(latest[r.GPUUUID], r.TUnixNS)
	}
	return time.Duration(step)
}
