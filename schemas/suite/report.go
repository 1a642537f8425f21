package suite

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Report says what is drawn from the results.
type Report struct {
	Charts []string // nil: all
}

func reportBlock(charts []string) block.Block {
	return block.Block{Kind: "report", Body: block.Body{
		Doc: "Chooses the charts.",
		Args: []block.Arg{
			{Name: "charts", Type: cty.List(cty.String), OneOf: charts, Provenance: true, Doc: "The charts to draw, by name; all of them when omitted."},
		},
	}}
}

func (l *loader) decodeReport(blk *hcl.Block) {
	c := l.decode(reportBlock(l.opt.Charts), blk)
	l.suite.Report = Report{Charts: block.Strings(c.Value, "charts")}
}
