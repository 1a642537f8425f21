package suite

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

// Report says what is drawn from the results.
type Report struct {
	Charts  []string // nil: all
	Formats []string // nil: the report's own choice
}

func reportBlock(charts []string) block.Block {
	return block.Block{Kind: "report", Body: Body{
		Doc: "Chooses charts and file formats.",
		Args: []Arg{
			{Name: "charts", Type: cty.List(cty.String), OneOf: charts, Provenance: true, Doc: "The charts to draw, by name; all of them when omitted."},
			{Name: "formats", Type: cty.List(cty.String), OneOf: []string{"html", "md", "csv", "json", "png", "svg"}, Provenance: true, Doc: "The kinds of file to write."},
		},
	}}
}

func (l *loader) decodeReport(blk *hcl.Block) {
	c := l.decode(reportBlock(l.opt.Charts), blk)
	l.suite.Report = Report{Charts: block.Strings(c.Value, "charts"), Formats: block.Strings(c.Value, "formats")}
}
