package suite

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

// Budget bounds what a run may cost by estimate.
type Budget struct {
	USD   float64 // 0: no bound
	Range hcl.Range
}

func budgetBlock() block.Block {
	return block.Block{Kind: "budget", Body: Body{
		Doc:  "Bounds the cost: what is estimated above it is refused by plan.",
		Args: []Arg{{Name: "usd", Type: cty.Number, Required: true, Check: block.Positive, Provenance: true, Doc: "The most that a run may cost, in US dollars."}},
	}}
}

func (l *loader) decodeBudget(blk *hcl.Block) {
	c := l.decode(budgetBlock(), blk)
	l.suite.Budget = Budget{USD: block.Float(c.Value, "usd"), Range: c.Range}
}
