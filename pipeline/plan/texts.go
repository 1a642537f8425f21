package plan

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// mostCounted is how many requests of a trial have their texts counted ahead, to tell their mean and their quantiles. A tokenizer takes a second for some of
// them.
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
	// Input is missing where no tokenizer counts. Output is of the recorded answers, where osl is theirs and known.
	Input  *Quantiles `json:"input,omitempty"`
	Output *Quantiles `json:"output,omitempty"`
	// OutputMean is that of the recorded answers, by a rule of thumb where it is not known; 0 where osl is not theirs.
	OutputMean int `json:"output_mean,omitempty"`
}

// Quantiles are those of lengths, in tokens.
type Quantiles struct {
	P50 int `json:"p50"`
	P90 int `json:"p90"`
	P99 int `json:"p99"`
	Max int `json:"max"`
}

// texts is what the requests of cells come to that ask a dataset in the same way.
type texts struct {
	isl, osl int // means, in tokens; osl of recorded answers
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
func (b *builder) drawsOf(c suite.Cell, trial int) *dataset.Draws {
	draws, err := c.Workload.Dataset.Draws(countsOf(c), dataset.Ask{Answers: c.Output.Kind == length.Text, Turns: !c.Workload.Turns.IsZero()}, b.Suite.Seed, trial)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err)) // the language has refused bounds that nobody counts
	}
	return draws
}

// withTexts gives a cell that sends texts their lengths: means of what a tokenizer counts, or by a rule of thumb.
func (b *builder) withTexts(c *suite.Cell) {
	if c.Workload.Dataset == nil {
		return
	}
	key := textsKey(workloadOf(*c))
	known, ok := b.texts[key]
	if !ok {
		known = b.count(*c)
		b.texts[key] = known
	}
	c.ISL, c.Input.MeanOf = known.isl, float64(known.isl)
	if c.Output.Kind == length.Text {
		c.OSL, c.Output.MeanOf = known.osl, float64(known.osl)
	}
}

// count counts the first requests of a cell's first trial, and notes in the plan what they come to.
func (b *builder) count(c suite.Cell) *texts {
	use, counts, draws := c.Workload.Dataset, countsOf(c), b.drawsOf(c, 1)
	var isl, osl []int
	for index := range int64(min(mostCounted, len(use.Data.Entries))) {
		entry, err := draws.At(index)
		if err != nil {
			b.failAt(c.Workload.Range, "No prompt to send", fmt.Sprintf("Workload %q has nothing to ask: %v.", c.Workload.Name, err))
			return &texts{}
		}
		isl = append(isl, counts.ISL(entry))
		if c.Output.Kind == length.Text {
			osl = append(osl, counts.OSL(entry))
		}
	}
	told := Prompts{Path: use.Data.Path, SHA256: use.Data.Digest, Entries: len(use.Data.Entries), LeftOut: use.Data.LeftOut, Keep: use.Keep.String()}
	means := &texts{isl: mean(isl), osl: mean(osl)}
	told.OutputMean = means.osl
	if told.Counted = len(isl); counts.Exact() {
		told.Model, told.Input = c.Model.Name, quantiles(isl)
	}
	if answersKnown(c) {
		told.Output = quantiles(osl)
	}
	b.tell(told)
	return means
}

// tell notes what is known of prompts, once for all who ask them: with their own answers, or without.
func (b *builder) tell(p Prompts) {
	for i := range b.plan.Prompts {
		if known := &b.plan.Prompts[i]; known.SHA256 == p.SHA256 && known.Path == p.Path && known.Keep == p.Keep && known.Model == p.Model {
			if p.OutputMean > 0 {
				known.Output, known.OutputMean = p.Output, p.OutputMean
			}
			return
		}
	}
	b.plan.Prompts = append(b.plan.Prompts, p)
}

// answersKnown reports whether the lengths of a cell's recorded answers are: a tokenizer counts them, or the file says what they were.
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
	at := func(percent int) int { return lengths[(len(lengths)-1)*percent/100] }
	return &Quantiles{P50: at(50), P90: at(90), P99: at(99), Max: at(100)}
}

func mean(lengths []int) int {
	sum := 0
	for _, n := range lengths {
		sum += n
	}
	return (sum + len(lengths)/2) / max(1, len(lengths))
}

// counted is a workload with the mean lengths of its texts in place of the texts.
func (b *builder) counted(w stage.Workload) stage.Workload {
	if w.Dataset == nil {
		return w
	}
	known, ok := b.texts[textsKey(w)]
	if !ok {
		panic("plan: a workload whose texts were not counted") // group counts those of all cells
	}
	w.ISL = length.Of(known.isl)
	if w.OSL.Kind == length.Text {
		w.OSL = length.Of(known.osl)
	}
	return w
}

// checkTexts refuses a cell of which a request is longer than its server takes, as far as a tokenizer tells.
func (b *builder) checkTexts(c suite.Cell, d *deployment) {
	if d.context == 0 || !countsOf(c).Exact() {
		return
	}
	longest, most := -1, d.context
	for trial := 1; trial <= c.Trials; trial++ {
		found, err := b.longestOf(c, trial, d.context)
		if err != nil {
			return // which has been reported
		}
		if found.tokens > most {
			longest, most = found.entry, found.tokens
		}
	}
	if longest < 0 {
		return
	}
	data, what := c.Workload.Dataset.Data, "which comes"
	if !c.Workload.Turns.IsZero() {
		what = "whose conversation grows"
	}
	b.fail(c, "Requests too long", fmt.Sprintf("Workload %q asks %s:%d, %s to %d tokens, input and output together, but the server takes %d. %s, or let the engine have a longer context.",
		c.Workload.Name, data.Path, data.Entries[longest].Line, what, most, d.context, shorten(c, d.context-frontOf(c))))
}

// frontOf is how many tokens stand in front of a cell's texts, about.
func frontOf(c suite.Cell) int {
	if c.Workload.Dataset.Unique {
		return c.Workload.SharedPrefixTokens + dataset.FrontWords
	}
	return c.Workload.SharedPrefixTokens
}

// longText is the longest of some requests.
type longText struct{ entry, tokens int }

// longestOf is what longestText says, which is found once for all cells that ask the same.
func (b *builder) longestOf(c suite.Cell, trial, context int) (longText, error) {
	w := workloadOf(c)
	key := string(canonicalJSON([]any{w.Dataset, w.Tokenizer, w.OSL, w.Turns, w.Requests, w.SharedPrefix, trial, context}))
	if known, ok := b.longTexts[key]; ok {
		return known, nil
	}
	entry, tokens, err := b.longestText(c, trial, context)
	if err == nil {
		b.longTexts[key] = longText{entry, tokens}
	}
	return longText{entry, tokens}, err
}

// longestText returns the entry that comes to most tokens in a trial, of those that come to more than a bound. What has no more bytes is not counted.
func (b *builder) longestText(c suite.Cell, trial, bound int) (longest, most int, err error) {
	counts, draws, requests := countsOf(c), b.drawsOf(c, trial), int64(c.Workload.Requests)
	if requests == 0 {
		requests = int64(len(c.Workload.Dataset.Data.Entries)) // by then all have come
	}
	turns := c.Workload.Turns
	if turns.IsZero() {
		turns = length.Of(1)
	}
	sessions, err := length.NewSessions(turns, b.Suite.Seed, trial, requests)
	if err != nil {
		return 0, 0, err
	}
	lengths, err := length.NewDraws(c.Input, c.Output, b.Suite.Seed, trial)
	if err != nil {
		return 0, 0, err
	}
	sessions, most = sessions.AtMost(draws.Turns), bound
	for session, ok := sessions.Next(); ok; session, ok = sessions.Next() {
		entry, steps, err := draws.Steps(session.Number)
		if err != nil {
			return 0, 0, err
		}
		bytes, answers := frontOf(c), 0
		for turn, step := range steps[:session.Turns] {
			_, osl := lengths.At(session.First + int64(turn))
			bytes, answers = bytes+dataset.Bytes(step.Ask), answers+osl+step.OSL
		}
		if bytes+answers <= most {
			continue
		}
		total := frontOf(c) + answers
		for _, step := range steps[:session.Turns] {
			total += counts.Of(step.Ask)
		}
		if total > most {
			longest, most = entry, total
		}
	}
	return longest, most, nil
}

// shorten says how a dataset's entries come to fit into a context.
func shorten(c suite.Cell, context int) string {
	if !c.Workload.Turns.IsZero() {
		return "Have fewer turns"
	}
	return "Leave out what is too long, by keep = { " + fitting(c, context) + " }"
}

// fitting is the bound of a dataset's entries that fit into a context.
func fitting(c suite.Cell, context int) string {
	if c.Output.Kind == length.Text {
		return fmt.Sprintf("max_total = %d", context)
	}
	return fmt.Sprintf("max_isl = %d", max(1, context-max(c.Output.Most(), c.Output.Mean())))
}
