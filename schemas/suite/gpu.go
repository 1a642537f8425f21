package suite

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// GPU overrides what the built-in catalogue says of a GPU type.
type GPU struct {
	Name            string
	PricePerHourUSD float64 // of one GPU; meaningful if PriceAsOf is set
	PriceAsOf       string  // "2026-07-01"; empty: no price is given
	TDPWatts        float64 // 0: not given
	Range           hcl.Range
}

func gpuBlock() block.Block {
	return block.Block{Kind: "gpu", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc: "What is known of a GPU type, in place of the built-in catalogue.",
		Args: []block.Arg{
			{Name: "price_per_hour", Type: cty.Number, Bounds: block.From(0), Provenance: true, Doc: "What one GPU costs, in US dollars per hour."},
			{Name: "price_as_of", Type: cty.String, Check: checkDate, Provenance: true, Doc: "The day of that price, such as \"2026-07-01\"."},
			{Name: "tdp_watts", Type: cty.Number, Bounds: block.AboveZero(), Provenance: true, Doc: "The power limit of one GPU, in watts."},
		},
	}}
}

// gpuType is what a GPU type looks like: "A100-80G", "RTX 4090".
var gpuType = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9 ._+-]*[A-Za-z0-9+])?$`)

func checkGPUType(v cty.Value) error {
	if err := block.OneLine(v); err != nil {
		return err
	}
	if !gpuType.MatchString(v.AsString()) {
		return fmt.Errorf("%q is no GPU type; write letters, digits, blanks and any of . _ + -, as in \"A100-80G\"", v.AsString())
	}
	return nil
}

// gpuUse is a place where a GPU type is named.
type gpuUse struct {
	name string
	at   hcl.Range
	says bool // something is said of it there: a price, a quota
}

// checkGPUTypes says where a GPU type is written in two ways, so that what is said of the one would not hold for the other.
func (l *loader) checkGPUTypes() {
	said := map[string]gpuUse{}
	for _, says := range []bool{true, false} {
		for _, use := range l.gpuUses {
			if use.says != says {
				continue
			}
			switch before, known := said[strings.ToLower(use.name)]; {
			case !known && says:
				said[strings.ToLower(use.name)] = use
			case known && before.name != use.name:
				l.fail(use.at, "GPU type in two ways", "This is %q, but %q at %s, which would be another GPU type. Write it in one way.", use.name, before.name, block.Place(before.at))
			}
		}
	}
}

// checkQuotas warns of a quota for a GPU type that nobody knows: most often it is misspelt, and the right one has none.
func (l *loader) checkQuotas() {
	measured := map[string]bool{}
	for _, c := range l.suite.Cells() {
		measured[c.GPUType] = true
	}
	for _, p := range l.suite.Providers {
		for _, name := range slices.Sorted(maps.Keys(p.Quota)) {
			if !measured[name] && l.suite.GPUs[name] == nil && l.opt.Priced != nil && !l.opt.Priced(name) {
				l.warn(l.quotaAt[p], "Quota without effect", "Provider %s.%s has a quota for %q, which nothing is measured on%s", p.Type, p.Name, name, block.Hint(name, slices.Sorted(maps.Keys(measured))))
			}
		}
	}
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
