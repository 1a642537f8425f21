package suite

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

// GPU overrides what the built-in catalogue says of a GPU type.
type GPU struct {
	Name            string
	PricePerHourUSD float64 // of one GPU; meaningful if PriceAsOf is set
	PriceAsOf       string  // "2026-07-01"; empty: no price is given
	MemoryGB        float64 // 0: not given
	TDPWatts        float64 // 0: not given
	Range           hcl.Range
}

func gpuBlock() block.Block {
	return block.Block{Kind: "gpu", Labels: []string{"name"}, Many: true, Body: Body{
		Doc: "What is known of a GPU type, in place of the built-in catalogue.",
		Args: []Arg{
			{Name: "price_per_hour", Type: cty.Number, Bounds: block.From(0), Provenance: true, Doc: "What one GPU costs, in US dollars per hour."},
			{Name: "price_as_of", Type: cty.String, Check: checkDate, Provenance: true, Doc: "The day of that price, such as \"2026-07-01\"."},
			{Name: "memory_gb", Type: cty.Number, Bounds: block.AboveZero(), Provenance: true, Doc: "The memory of one GPU, in 10⁹ bytes."},
			{Name: "tdp_watts", Type: cty.Number, Bounds: block.AboveZero(), Provenance: true, Doc: "The power limit of one GPU, in watts."},
		},
	}}
}

func checkDate(v cty.Value) error {
	if _, err := time.Parse(time.DateOnly, v.AsString()); err != nil {
		return fmt.Errorf("%q is not a day; write it as \"2026-07-01\"", v.AsString())
	}
	return nil
}

func (l *loader) decodeGPU(g *GPU, c *block.Content) {
	g.PricePerHourUSD = block.Float(c.Value, "price_per_hour")
	g.PriceAsOf = block.String(c.Value, "price_as_of")
	g.MemoryGB = block.Float(c.Value, "memory_gb")
	g.TDPWatts = block.Float(c.Value, "tdp_watts")
	if c.Broken {
		return
	}
	switch priced, dated := block.Has(c.Value, "price_per_hour"), g.PriceAsOf != ""; {
	case priced && !dated:
		l.fail(c.ArgRange("price_per_hour"), "Undated price", "A price without its day cannot be compared later. Set price_as_of, such as \"2026-07-01\".")
	case dated && !priced:
		l.fail(c.ArgRange("price_as_of"), "Missing price", "There is a day but no price. Set price_per_hour, or take price_as_of out.")
	}
}
