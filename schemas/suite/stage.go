package suite

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// StagePolicy is how the steps of a stage are run.
type StagePolicy struct {
	Kind      string
	Timeout   time.Duration // of one attempt; 0: none
	Attempts  int           // at least 1
	Backoff   time.Duration // before the second attempt
	RetryOn   []string      // classes of errors that are tried again
	OnFailure string        // Continue or Stop
	Config    cty.Value     // an object by the kind's body, defaults filled in, marks kept
	KeyConfig cty.Value     // Config as it enters a checkpoint key
	Range     hcl.Range
}

// What a suite does when a step fails.
const (
	Continue = "continue" // everything that does not need the step goes on
	Stop     = "stop"     // nothing more is measured; what runs is finished, torn down and reported
)

// onFailure is the argument of the suite block, and of a stage block, which goes before it.
func onFailure(doc string, otherwise cty.Value) block.Arg {
	return block.Arg{Name: "on_failure", Type: cty.String, OneOf: []string{Continue, Stop}, Default: otherwise, Provenance: true, Doc: doc}
}

// stageBlock is the schema of a stage with the arguments of its kind.
func stageBlock(own block.Body) block.Block {
	retry := block.Block{Kind: "retry", Body: block.Body{
		Doc: "How often a step is tried when an error may pass by itself.",
		Args: []block.Arg{
			{Name: "attempts", Type: cty.Number, Default: cty.NumberIntVal(1), Bounds: block.IntegerFrom(1), Provenance: true, Doc: "Tries in all, the first included."},
			{Name: "backoff", Type: cty.String, Format: block.Duration, Default: cty.StringVal("10s"), Provenance: true, Doc: "The wait before the second try; it grows from there."},
			{
				Name: "on", Type: cty.List(cty.String), OneOf: []string{"transient", "permanent"}, Default: cty.ListVal([]cty.Value{cty.StringVal("transient")}),
				Check: block.NotEmpty, Provenance: true,
				Doc: "The classes of errors that are tried again: transient is what may pass by itself, such as a reset connection; permanent is the rest, a timeout of the stage included.",
			},
		},
	}}
	common := block.Body{
		Doc: own.Doc,
		Args: []block.Arg{
			{Name: "timeout", Type: cty.String, Format: block.Duration, Bounds: block.AboveZero(), Provenance: true, Doc: "The longest that one attempt may take. It never cuts a teardown short, which has a timeout of its own."},
			onFailure("What becomes of the rest when a step of this stage fails; the suite's on_failure if left out.", cty.NilVal),
		},
		Blocks: []block.Block{retry},
	}
	return block.Block{Kind: "stage", Labels: []string{"kind"}, Many: true, Body: common.Join(own)}
}

func (l *loader) defaultPolicy(kind string, own block.Body) StagePolicy {
	config := own.Defaults()
	return StagePolicy{
		Kind: kind, Attempts: 1, Backoff: 10 * time.Second, RetryOn: []string{"transient"}, OnFailure: cmp.Or(l.onFailure, Continue),
		Config: config, KeyConfig: own.Keyed(config),
	}
}

func (l *loader) decodeStage(blk *hcl.Block) {
	kind := blk.Labels[0]
	own, ok := l.opt.Stages[kind]
	if !ok {
		l.fail(blk.LabelRanges[0], "Unknown stage", "There is no stage of kind %q%s", kind, block.Hint(kind, slices.Sorted(maps.Keys(l.opt.Stages))))
		return
	}
	if first, taken := l.stages[kind]; taken {
		l.diags = l.diags.Append(block.Duplicate("stage "+kind, blk.DefRange, first))
		return
	}
	l.stages[kind] = blk.DefRange
	c := l.decode(stageBlock(own), blk)
	p := l.defaultPolicy(kind, own)
	p.Timeout, p.OnFailure, p.Range = block.Time(c.Value, "timeout"), cmp.Or(block.String(c.Value, "on_failure"), p.OnFailure), c.Range
	if retry := c.Only("retry"); retry != nil {
		p.Attempts, p.Backoff, p.RetryOn = block.Int(retry.Value, "attempts"), block.Time(retry.Value, "backoff"), block.Strings(retry.Value, "on")
	}
	p.Config = own.Select(c.Value)
	p.KeyConfig = own.Keyed(p.Config)
	l.suite.Stages[kind] = p
}
