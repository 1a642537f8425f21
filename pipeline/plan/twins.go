package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// findTwins returns, for each load that has the same configuration as a load of an earlier cell, the first of
// these. The first is measured; its result is that of the others, too.
func findTwins(all configured) map[addr.Step]addr.Step {
	type load struct {
		*cell
		config json.RawMessage
	}
	var loads []load
	for _, d := range all.deployments {
		for i, c := range d.cells {
			loads = append(loads, load{c, d.loads[i]})
		}
	}
	slices.SortFunc(loads, func(a, b load) int { return cmp.Compare(a.place, b.place) })
	twins, first := map[addr.Step]addr.Step{}, map[[sha256.Size]byte]addr.Step{}
	for _, l := range loads {
		recipe := sha256.Sum256(l.config)
		if twin, ok := first[recipe]; ok {
			twins[l.load] = twin
		} else {
			first[recipe] = l.load
		}
	}
	return twins
}
