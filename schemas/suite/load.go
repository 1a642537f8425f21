package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/expr"
	"github.com/strangeloopio/inferencex/schemas/suite/source"
	"github.com/strangeloopio/inferencex/schemas/suite/variable"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/tokenizer"
)

// Load reads a suite from a file or from all *.hcl and *.hcl.json files of a folder. The Suite is nil if and only if
// a diagnostic is an error. The files are what was read, for showing snippets.
func Load(path string, opt Options) (*Suite, map[string]*hcl.File, hcl.Diagnostics) {
	src, diags := source.Read(path, opt.VarFiles)
	if diags.HasErrors() {
		return nil, src.Files, diags
	}
	s, found := load(src, opt)
	return s, src.Files, append(diags, found...)
}

// world is what the suite and its modules share.
type world struct {
	opt     Options
	suite   *Suite
	diags   hcl.Diagnostics
	sources []source.Set // the suite's, then the modules'

	// What references stand for, by id: "model.qwen3-8b", "module.x.model.qwen3-8b".
	models    map[string]*Model
	engines   map[string]*Engine
	providers map[string]*Provider
	workloads map[string]*Workload

	benchmarks map[string]hcl.Range
	stages     map[string]hcl.Range
	broken     map[*Workload]bool // an error was reported: nothing is concluded from its numbers
	autoWarmup map[*Workload]bool // warm-up follows the cell's users
	openOnly   []openOnly
	rated      map[*Workload]bool      // whether any cell that has it is at a rate; absent where none has it
	warmupAt   map[*Workload]hcl.Range // where a number of warm-up requests stands
	requestsAt map[*Workload]hcl.Range
	quotaAt    map[*Provider]hcl.Range
	gpuUses    []gpuUse
	tokenizers map[string]*tokenizer.Tokenizer // by the digests of their files
	datasets   map[string]*dataset.Dataset     // by the paths of theirs

	floorRequests int    // the suite block's requests
	onFailure     string // the suite block's on_failure
	floorUnknown  bool
	cells         int
	moduleCount   int
	meter         expr.Meter
}

// loader carries a suite, or a module of it, from parsed files to its final form.
type loader struct {
	*world
	src    source.Set
	scope  *expr.Scope
	values variable.Values
	byKind map[string][]*hcl.Block

	module   string // the path of names that leads here: "x.y"; empty for the suite
	parent   *loader
	children []*loader
	modules  map[string]hcl.Range      // by name
	inputs   map[string]*hcl.Attribute // what the module block gives
}

// load evaluates parsed files.
func load(src source.Set, opt Options) (*Suite, hcl.Diagnostics) {
	l := newLoader(src, opt)
	l.run()
	files := l.collect()
	diags := files.Sort(l.redact(l.diags))
	l.mask(files.Files)
	if diags.HasErrors() {
		return nil, diags
	}
	return l.suite, diags
}

// newLoader returns the loader of a suite's own files.
func newLoader(src source.Set, opt Options) *loader {
	if opt.Getenv == nil {
		opt.Getenv = func(string) string { return "" }
	}
	if opt.MaxCells == 0 {
		opt.MaxCells = DefaultMaxCells
	}
	w := &world{
		opt: opt, sources: []source.Set{src},
		suite:  &Suite{Name: src.Name, GPUs: map[string]*GPU{}, Stages: map[string]StagePolicy{}},
		models: map[string]*Model{}, engines: map[string]*Engine{}, providers: map[string]*Provider{}, workloads: map[string]*Workload{},
		benchmarks: map[string]hcl.Range{}, stages: map[string]hcl.Range{}, broken: map[*Workload]bool{}, autoWarmup: map[*Workload]bool{}, warmupAt: map[*Workload]hcl.Range{}, rated: map[*Workload]bool{}, requestsAt: map[*Workload]hcl.Range{}, quotaAt: map[*Provider]hcl.Range{},
		tokenizers: map[string]*tokenizer.Tokenizer{}, datasets: map[string]*dataset.Dataset{},
	}
	l := &loader{world: w, src: src, modules: map[string]hcl.Range{}}
	l.newScope()
	return l
}

// newScope makes what expressions of this file or folder can refer to. All of a suite have one meter.
func (l *loader) newScope() {
	for _, f := range l.src.Files {
		expr.Guard(f)
	}
	l.scope = expr.NewScope(roots(), l.src.Text, &l.meter)
}

// run does the work in the order in which things need each other: values, named things, then what only refers.
func (l *loader) run() {
	l.declareAll()
	l.evaluate()
	l.single(l.byKind["suite"], l.decodeSuite)
	l.single(l.byKind["report"], l.decodeReport)
	l.single(l.byKind["budget"], l.decodeBudget)
	for kind, own := range l.opt.Stages {
		l.suite.Stages[kind] = l.defaultPolicy(kind, own)
	}
	for _, blk := range l.byKind["stage"] {
		l.decodeStage(blk)
	}
	l.measure()
	l.checkMoves()
	l.checkGPUTypes()
	if !l.diags.HasErrors() {
		l.checkQuotas()
	}
	l.checkPrices()
	l.checkPacing()
	if len(l.benchmarks) == 0 && !l.diags.HasErrors() {
		detail := fmt.Sprintf("No file of the folder %s has a benchmark block. Add one.", l.src.Path)
		if !l.src.IsFolder() {
			detail = fmt.Sprintf("%s has no benchmark block. Add one.", l.src.Path)
		}
		l.diags = l.diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Nothing to measure", Detail: detail})
	}
	l.separateSuites()
}

// declareAll makes known what the files declare, and what their modules do.
func (l *loader) declareAll() {
	l.byKind = l.split()
	l.readValues(l.byKind["variable"])
	for _, kind := range []string{"variable", "locals", "model", "gpu", "engine", "provider", "workload", "module", "output"} {
		for _, blk := range l.byKind[kind] {
			l.declareBlock(blk)
		}
	}
}

// evaluate evaluates all that has been declared.
func (l *loader) evaluate() {
	l.diags = append(l.diags, l.scope.EvaluateAll()...)
	for _, m := range l.children {
		m.evaluate()
	}
}

// measure expands the benchmarks, the suite's before its modules'.
func (l *loader) measure() {
	for _, blk := range l.byKind["benchmark"] {
		l.decodeBenchmarks(blk)
	}
	for _, blk := range l.byKind["moved"] {
		l.decodeMoved(blk)
	}
	for _, m := range l.children {
		m.measure()
	}
}

// single decodes a block that may stand once.
func (l *loader) single(blocks []*hcl.Block, decode func(*hcl.Block)) {
	for i, blk := range blocks {
		if i > 0 {
			l.diags = l.diags.Append(block.Duplicate(blk.Type+" block", blk.DefRange, blocks[0].DefRange))
			continue
		}
		decode(blk)
	}
}

// separateSuites says that files of the folder are suites of their own, in place of naming everything that stands in both.
func (l *loader) separateSuites() {
	blocks := l.byKind["suite"]
	if len(blocks) < 2 || blocks[0].DefRange.Filename == blocks[1].DefRange.Filename {
		return
	}
	several := map[string]bool{}
	for _, blk := range blocks[1:] {
		several[blk.DefRange.Filename] = true
	}
	l.diags = slices.DeleteFunc(l.diags, func(d *hcl.Diagnostic) bool {
		return d.Subject != nil && several[d.Subject.Filename] && strings.HasPrefix(d.Summary, "Duplicate ")
	})
	first := blocks[0].DefRange
	l.fail(blocks[1].DefRange, "Several suites", "All files of a folder are one suite, and there is a suite block at %s too. To read one of the files alone, name it in place of the folder; otherwise leave one suite block.", block.Place(first))
}

// decode decodes a block by its schema and keeps what was wrong.
func (l *loader) decode(schema block.Block, blk *hcl.Block) *block.Content {
	c, diags := schema.DecodeBlock(blk, l.scope.Eval)
	l.diags = append(l.diags, diags...)
	return c
}

// readValues collects what was given for variables.
func (l *loader) readValues(variables []*hcl.Block) {
	var declared []string
	for _, blk := range variables {
		declared = append(declared, blk.Labels[0])
	}
	if l.parent != nil {
		l.readInputs(declared)
		return
	}
	var diags hcl.Diagnostics
	l.values, diags = variable.Read(variable.Sources{Vars: l.opt.Vars, Files: l.src.Values, Getenv: l.opt.Getenv}, declared)
	l.diags = append(l.diags, diags...)
}

func (l *loader) fail(at hcl.Range, summary, format string, args ...any) {
	l.diags = l.diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at})
}

func (l *loader) warn(at hcl.Range, summary, format string, args ...any) {
	l.diags = l.diags.Append(&hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at})
}

// mostName keeps addresses, and the names of folders that are made of several of them, to what a file system takes.
const mostName = 64

// validName says whether a label can be referred to.
func (l *loader) validName(blk *hcl.Block) bool {
	name, at := blk.Labels[len(blk.Labels)-1], blk.LabelRanges[len(blk.LabelRanges)-1]
	switch {
	case !l.shortName(name, at):
		return false
	case blk.Type == "gpu": // which may be referred to as gpu["RTX 4090"]
		if err := checkGPUType(cty.StringVal(name)); err != nil {
			l.fail(at, "Invalid name", "A gpu block has a GPU type for its name: %s.", err)
			return false
		}
		return true
	case hclsyntax.ValidIdentifier(name):
		return true
	}
	l.fail(at, "Invalid name", "%q cannot be referred to. A name starts with a letter and goes on with letters, digits, - and _.", name)
	return false
}

func (l *loader) shortName(name string, at hcl.Range) bool {
	if len(name) <= mostName {
		return true
	}
	l.fail(at, "Name too long", "A name has at most %d letters, since addresses and folders are made of it, and this one has %d.", mostName, len(name))
	return false
}
