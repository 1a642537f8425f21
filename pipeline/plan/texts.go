package plan

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/schemas/suite"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// mostCounted is how many requests of a trial have their texts counted ahead, to tell their mean and their
// quantiles. A tokenizer takes a second for some of them.
const mostCounted = 1000

// Prompts is what is known of a dataset before it is asked.
type Prompts struct {
	Path    string `json:"path"`
	SHA256  string `json:"sha256"`
	Entries int    `json:"entries"`
	LeftOut int    `json:"left_out,omitempty"` // conversations that cannot be asked
	Keep    string `json:"keep,omitempty"`     // bounds, as the suite has them
	Model   string `json:"model,omitempty"`    // whose tokenizer counts; empty where there is none
	Counted int    `json:"counted"`            // requests of the first trial, whose lengths these are, in tokens
	// Input is missing where no tokenizer counts. Output is of the recorded answers, where osl is theirs and
	// known.
	Input  *Quantiles `json:"input,omitempty"`
	Output *Quantiles `json:"output,omitempty"`
	// OutputMean is that of the recorded answers, by a rule of thumb where it is not known; 0 where osl is
	// not theirs.
	OutputMean int `json:"output_mean,omitempty"`
}

// Quantiles are those of lengths, in tokens.
type Quantiles struct {
	P50 int `json:"p50"`
	P90 int `json:"p90"`
	P99 int `json:"p99"`
	Max int `json:"max"`
}

// means are the mean lengths, in tokens, of the requests that a dataset is asked for in one way.
type means struct {
	isl, osl int // osl of recorded answers
}

// measured are cells with the lengths of the texts that they send.
type measured struct {
	cells   []*cell
	means   map[string]means // by textsKey
	prompts []Prompts        // in the order of the cells
}

// textsKey is equal for workloads that ask a dataset in the same way.
func textsKey(w stage.Workload) string {
	return string(canonicalJSON([]any{w.Dataset, w.Tokenizer, w.OSL.Kind == length.Text}))
}

// countsOf are the lengths of the texts that a cell sends.
func countsOf(c suite.Cell) *dataset.Counts {
	data, own := c.Workload.Dataset.Data, c.Model.Tokenizer
	if own.Tokenizer == nil {
		return data.Counts("", nil)
	}
	return data.Counts(own.Key(), func(text string) int { return len(own.Tokenizer.Encode(text)) })
}

// drawsOf are the entries that a trial of a cell asks.
func drawsOf(c suite.Cell, seed int64, trial int) *dataset.Draws {
	ask := dataset.Ask{Answers: c.Output.Kind == length.Text, Turns: !c.Workload.Turns.IsZero()}
	draws, err := c.Workload.Dataset.Draws(countsOf(c), ask, seed, trial)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err)) // the language has refused bounds that nobody counts
	}
	return draws
}

// measureTexts gives cells that send texts their lengths: means of what a tokenizer counts, or by a rule of
// thumb. Cells that ask a dataset in the same way are measured once. A cell that has nothing to ask is a
// finding, and its lengths are 0.
func measureTexts(cells []*cell, seed int64) (measured, []finding) {
	m := measured{means: map[string]means{}}
	var empty []finding
	for _, c := range cells {
		if c.Workload.Dataset == nil {
			m.cells = append(m.cells, c)
			continue
		}
		key := textsKey(workloadOf(c.Cell))
		known, ok := m.means[key]
		if !ok {
			isl, osl, err := countTexts(c.Cell, seed)
			if err != nil {
				empty = append(empty, find(c, c.Workload.Range, "No prompt to send",
					"Workload %q has nothing to ask: %v.", c.Workload.Name, err))
			} else {
				known = means{mean(isl), mean(osl)}
				m.prompts = tell(m.prompts, promptsOf(c.Cell, isl, osl))
			}
			m.means[key] = known
		}
		m.cells = append(m.cells, c.withMeans(known))
	}
	return m, empty
}

// withMeans returns the cell with the means of its texts.
func (c *cell) withMeans(m means) *cell {
	long := *c
	long.ISL, long.Input.MeanOf = m.isl, float64(m.isl)
	if c.Output.Kind == length.Text {
		long.OSL, long.Output.MeanOf = m.osl, float64(m.osl)
	}
	return &long
}

// countTexts counts the first requests of a cell's first trial, in tokens, and the recorded answers if the
// cell's are.
func countTexts(c suite.Cell, seed int64) (isl, osl []int, err error) {
	counts, draws := countsOf(c), drawsOf(c, seed, 1)
	for index := range int64(min(mostCounted, len(c.Workload.Dataset.Data.Entries))) {
		entry, err := draws.At(index)
		if err != nil {
			return nil, nil, err
		}
		isl = append(isl, counts.ISL(entry))
		if c.Output.Kind == length.Text {
			osl = append(osl, counts.OSL(entry))
		}
	}
	return isl, osl, nil
}

// promptsOf is what a plan says of a cell's dataset, of whose requests some were counted.
func promptsOf(c suite.Cell, isl, osl []int) Prompts {
	use := c.Workload.Dataset
	p := Prompts{
		Path: use.Data.Path, SHA256: use.Data.Digest, Keep: use.Keep.String(),
		Entries: len(use.Data.Entries), LeftOut: use.Data.LeftOut, Counted: len(isl), OutputMean: mean(osl),
	}
	if countsOf(c).Exact() {
		p.Model, p.Input = c.Model.Name, quantiles(isl)
	}
	if answersKnown(c) {
		p.Output = quantiles(osl)
	}
	return p
}

// tell adds what is known of prompts, once for all cells that ask them: with their own answers, or without.
func tell(all []Prompts, p Prompts) []Prompts {
	same := func(q Prompts) bool {
		return q.SHA256 == p.SHA256 && q.Path == p.Path && q.Keep == p.Keep && q.Model == p.Model
	}
	at := slices.IndexFunc(all, same)
	switch {
	case at < 0:
		return append(all, p)
	case p.OutputMean > 0:
		all[at].Output, all[at].OutputMean = p.Output, p.OutputMean
	}
	return all
}

// answersKnown reports whether the lengths of a cell's recorded answers are: a tokenizer counts them, or the
// file says what they were.
func answersKnown(c suite.Cell) bool {
	all, exact := c.Workload.Dataset.Data.Answered()
	return countsOf(c).Exact() || all == exact
}

// quantiles sorts the lengths; of none there are none.
func quantiles(lengths []int) *Quantiles {
	if len(lengths) == 0 {
		return nil
	}
	slices.Sort(lengths)
	at := func(percent int) int { return quantile.Lower(lengths, percent) }
	return &Quantiles{P50: at(50), P90: at(90), P99: at(99), Max: at(100)}
}

func mean(lengths []int) int {
	sum := 0
	for _, n := range lengths {
		sum += n
	}
	return (sum + len(lengths)/2) / max(1, len(lengths))
}
