// Package suite is the language of inferencex: HCL in, a typed and fully evaluated Suite out.
//
// Its invariant: a Suite that Load returns is complete and consistent; every cell can be run as it stands. Otherwise
// there is none, but diagnostics, all at once, each at the place of the mistake and none for a consequence of another.
package suite

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/variable"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// Variable is an input of the suite; see variable.Variable.
type Variable = variable.Variable

// Lengths is a number of tokens or a distribution; see length.Lengths.
type Lengths = length.Lengths

// DefaultMaxCells is the number of cells that is taken for a mistake when it is exceeded.
const DefaultMaxCells = 10_000

// Options is what the language has to be told: the registry's bodies, and what varies from run to run.
type Options struct {
	Providers map[string]block.Body // by type
	Stages    map[string]block.Body // by kind: the arguments beside timeout and retry
	Metrics   []string              // full names that an slo may use ("ttft_p99"); nil: unchecked
	Units     map[string]Unit       // what the limits of metrics are measured in, by full name; those without an entry take any
	Charts    []string              // names that report.charts may use; nil: unchecked
	Vars      map[string]string
	VarFiles  []string
	Getenv    func(string) string // nil: an empty environment
	// Priced says whether the price of a GPU type is known without a gpu block; nil: unchecked. Free are the types of
	// providers that cost nothing.
	Priced   func(gpuType string) bool
	Free     map[string]bool
	MaxCells int // 0: DefaultMaxCells
}

// Suite says what to benchmark.
type Suite struct {
	Name        string // the file's or the folder's where no suite block gives one
	Description string
	Seed        int64
	Salt        string   // part of every checkpoint key: a new one makes everything run again
	Files       []string // as read, in order
	Models      []*Model
	GPUs        map[string]*GPU // overrides of the catalogue, by GPU type
	Engines     []*Engine
	Providers   []*Provider
	Workloads   []*Workload
	Benchmarks  []*Benchmark
	Stages      map[string]StagePolicy // one for every kind in Options.Stages, and for no other
	Report      Report
	Budget      Budget
	Variables   []*Variable // the suite's, then its modules'
	Moved       []Move
}

// Cells are those of all benchmarks, in order.
func (s *Suite) Cells() []Cell {
	var out []Cell
	for _, b := range s.Benchmarks {
		out = append(out, b.Cells...)
	}
	return out
}

// Cell is one measured point.
type Cell struct {
	Benchmark string
	Model     *Model
	Engine    *Engine // nil where none is named
	Provider  *Provider
	Workload  Workload // resolved: its lengths, requests and warm-up are this cell's
	GPUType   string
	GPUs      int
	Users     int     // requests in flight (closed loop), or 0; the most where the workload has phases
	RateRPS   float64 // requests sent per second (open loop), or 0; the mean where the workload has phases
	ISL, OSL  int     // tokens: the means of Input and Output
	Input     Lengths // of prompts
	Output    Lengths // of answers
	Trial     int     // from 1
	Trials    int
	SLO       []Objective
	Range     hcl.Range // the matrix or the benchmark, or the entry of include or only
}

// decodeSuite reads the suite block. Files without one are named after their path.
func (l *loader) decodeSuite(blk *hcl.Block) {
	c := l.decode(suiteBlock(), blk)
	l.suite.Name = blk.Labels[0]
	if err := block.OneLine(cty.StringVal(l.suite.Name)); err != nil {
		l.fail(blk.LabelRanges[0], "Invalid name", "A suite's name stands in every report: %s.", err)
	} else {
		l.shortName(l.suite.Name, blk.LabelRanges[0])
	}
	l.suite.Description = block.String(c.Value, "description")
	l.suite.Seed = int64(block.Int(c.Value, "seed"))
	l.suite.Salt = block.String(c.Value, "salt")
	l.onFailure = block.String(c.Value, "on_failure")
	l.floorRequests = block.Int(c.Value, "requests")
	l.floorUnknown = !c.Value.GetAttr("requests").IsKnown()
}

func suiteBlock() block.Block {
	return block.Block{Kind: "suite", Labels: []string{"name"}, Body: block.Body{
		Doc: "Names the suite and sets what holds for all of it.",
		Args: []block.Arg{
			{Name: "description", Type: cty.String, Provenance: true, Doc: "What the suite is for."},
			{Name: "seed", Type: cty.Number, Default: cty.NumberIntVal(0), Bounds: block.IntegerFrom(0), Doc: "The number that prompts, lengths and arrivals are drawn from."},
			{Name: "salt", Type: cty.String, Doc: "Any text; part of every checkpoint key, so that a new one makes everything run again."},
			onFailure("What becomes of the rest when a step fails: continue goes on with everything that does not need it; stop measures nothing more, lets what runs come to its end, and reports what there is.", cty.StringVal(Continue)),
			{Name: "requests", Type: cty.Number, Bounds: block.IntegerFrom(1), Doc: "The fewest requests of a cell whose workload sets neither requests nor duration."},
		},
	}}
}
