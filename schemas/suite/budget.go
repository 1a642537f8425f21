package suite

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Budget bounds what a run may cost by estimate.
type Budget struct {
	USD   float64 // 0: no bound
	Range hcl.Range
}

func budgetBlock() block.Block {
	return block.Block{Kind: "budget", Body: block.Body{
		Doc:  "Bounds the cost: what is estimated above it is refused by plan.",
		Args: []block.Arg{{Name: "usd", Type: cty.Number, Required: true, Bounds: block.AboveZero(), Provenance: true, Doc: "The most that a run may cost, in US dollars."}},
	}}
}

// checkPrices warns of GPU types whose cost no estimate can tell, where a budget asks for one.
func (l *loader) checkPrices() {
	if l.suite.Budget.USD == 0 || l.opt.Priced == nil {
		return
	}
	seen := map[string]bool{}
	for _, b := range l.suite.Benchmarks {
		for _, c := range b.Cells {
			own := l.suite.GPUs[c.GPUType]
			if seen[c.GPUType] || l.opt.Free[c.Provider.Type] || own != nil && own.PriceAsOf != "" || l.opt.Priced(c.GPUType) {
				continue
			}
			seen[c.GPUType] = true
			l.warn(c.Range, "GPU without a price", "What a %s costs is not known, so that the budget at %s cannot be held against an estimate. Declare gpu %q with price_per_hour and price_as_of.",
				c.GPUType, block.Place(l.suite.Budget.Range), c.GPUType)
		}
	}
}

func (l *loader) decodeBudget(blk *hcl.Block) {
	c := l.decode(budgetBlock(), blk)
	l.suite.Budget = Budget{USD: block.Float(c.Value, "usd"), Range: c.Range}
}
