package virtualtest_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// TestRefit fits the constants of the step time anew, to all the rows of the H100 that are claimed and to them less one model at a time, and holds
// the model to the one left out: how far it is off where nobody has looked. `make fit` shows the constants.
//
// 1. A row's TPOT is a step of its mean batch, which prefills as many tokens as its users' next requests bring meanwhile.
// 2. The fit lowers the mean deviation, every group of a model, a load and a number of GPUs counting as much as any other.
// 3. It moves one constant at a time by a share that shrinks, from the same start every time.
func TestRefit(t *testing.T) {
	var rows []sample
	var folds []string
	for _, p := range readPublished(t) {
		if _, ok := p.claimed(); ok {
			rows = append(rows, sample{p, p.hardware(t), p.meanBatch()})
			if fold := p.model + " " + p.weights(); !slices.Contains(folds, fold) {
				folds = append(folds, fold)
			}
		}
	}
	all := fitTo(t, rows)
	t.Logf("fitted to all %d: %s; %.1f %% off", len(rows), all, 100*mean(all.deviations(t, rows), math.Abs))
	var unseen []float64
	for _, fold := range folds {
		var kept, left []sample
		for _, p := range rows {
			if p.model+" "+p.weights() == fold {
				left = append(left, p)
			} else {
				kept = append(kept, p)
			}
		}
		c := fitTo(t, kept)
		off := c.deviations(t, left)
		unseen = append(unseen, off...)
		t.Logf("without %-18s %s; %+.1f %% on it, %.1f %% off", fold+":", c, 100*mean(off, itself), 100*mean(off, math.Abs))
	}
	mape := mean(unseen, math.Abs)
	t.Logf("left out: %.1f %% off", 100*mape)
	if mape > 0.09 {
		t.Errorf("MAPE of TPOT of models that the fit has not seen: %.1f %%, want at most 9 %%", 100*mape)
	}
}

// constants are those of the step time, and the profile's cost of a sequence.
type constants struct {
	step     hardware.StepConstants
	sequence float64
}

func (c constants) String() string {
	return fmt.Sprintf("fixed %.2f ms, weights %.2f, keys and values %.2f, compute %.2f, all-reduce %.1f µs, link %.2f, sequence %.0f µs",
		1e3*c.step.FixedSeconds, c.step.WeightEfficiency, c.step.KVEfficiency, c.step.ComputeEfficiency,
		1e6*c.step.AllreduceSeconds, c.step.LinkEfficiency, 1e6*c.sequence)
}

// knobs are the constants that a fit moves, each with the most that it can be; none has a meaning below 0.
func (c *constants) knobs() map[string]knob {
	return map[string]knob{
		"fixed": {&c.step.FixedSeconds, 1}, "weights": {&c.step.WeightEfficiency, .97}, "keys and values": {&c.step.KVEfficiency, .97},
		"compute": {&c.step.ComputeEfficiency, .9}, "all-reduce": {&c.step.AllreduceSeconds, 1}, "link": {&c.step.LinkEfficiency, .97},
		"sequence": {&c.sequence, 1},
	}
}

type knob struct {
	value *float64
	most  float64
}

// sample is a row with what a fit needs of it.
type sample struct {
	published
	machine hardware.Config
	work    hardware.Batch
}

// deviation is simulated ÷ published − 1.
func (c constants) deviation(t *testing.T, s sample) float64 {
	s.machine.GPU.Step, s.machine.Profile.SequenceSeconds = c.step, c.sequence
	m, err := hardware.New(s.machine)
	if err != nil {
		t.Fatal(err)
	}
	return m.Step(s.work).Seconds/s.tpotSeconds - 1
}

func (c constants) deviations(t *testing.T, samples []sample) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = c.deviation(t, s)
	}
	return out
}

// meanBatch is the work of an average step while all users are there. Lengths lie evenly between 1 − spread and 1 of the longest: a token's mean
// position in its answer is later than half of the mean length, as long answers have more tokens. Where the TTFT was published, users that wait
// for their first token decode none.
func (p published) meanBatch() hardware.Batch {
	shrink := 1 - p.spread/2
	prompt, output := float64(p.prompt)*shrink, float64(p.output)*shrink
	context := prompt + output/2*(1+p.spread*p.spread/12/(shrink*shrink))
	users := max(1, float64(p.users)*output*p.tpotSeconds/(output*p.tpotSeconds+p.ttftSeconds))
	decode := int(math.Round(users))
	return hardware.Batch{
		Sequences: decode, Decode: decode, ContextTokens: int(users * context), PrefillTokens: int(math.Round((users - 1) * prompt / output)),
	}
}

// fitTo fits the constants.
func fitTo(t *testing.T, rows []sample) constants {
	t.Helper()
	size := map[string]float64{}
	group := func(p sample) string { return fmt.Sprint(p.source, p.model, p.load, p.gpus) }
	for _, p := range rows {
		size[group(p)]++
	}
	loss := func(c constants) float64 {
		sum := 0.0
		for i, d := range c.deviations(t, rows) {
			sum += math.Hypot(d, 0.02) / size[group(rows[i])]
		}
		return sum / float64(len(size))
	}
	c := constants{hardware.StepConstants{
		FixedSeconds: 2e-3, WeightEfficiency: .8, KVEfficiency: .7, ComputeEfficiency: .5, AllreduceSeconds: 8e-6, LinkEfficiency: .7,
	}, 20e-6}
	best := loss(c)
	for by := 1.2; by > 1.001; by = 1 + (by-1)*.7 {
		for moved := true; moved; {
			moved = false
			for _, name := range []string{"fixed", "weights", "keys and values", "compute", "all-reduce", "link", "sequence"} {
				for _, factor := range []float64{by, 1 / by} {
					next := c
					k := next.knobs()[name]
					*k.value = min(k.most, *k.value*factor)
					if l := loss(next); l < best-1e-9 {
						c, best, moved = next, l, true
					}
				}
			}
		}
	}
	return c
}
