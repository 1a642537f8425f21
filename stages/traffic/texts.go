package traffic

import (
	"crypto/sha256"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/dataset"
	"github.com/strangeloopio/inferencex/schemas/suite/length"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
)

// texts are the prompts of a job that are given, by its dataset.
type texts struct {
	use    *dataset.Use
	draws  *dataset.Draws
	counts *dataset.Counts
	asked  map[[sha256.Size]byte]bool // how prompts so far begin, a step of sharedBytes at a time
}

// sharedBytes is how far apart the places are at which two prompts are compared: some of the tokens that prefix caches keep together.
const sharedBytes = 64

func newTexts(job Job, env stage.Env, tokenizer prompt.Encoder) (*texts, error) {
	use, err := env.Texts.Resolve(*job.Workload.Dataset)
	if err != nil {
		return nil, err
	}
	t := &texts{use: use, asked: map[[sha256.Size]byte]bool{}}
	if t.counts = use.Data.Counts("", nil); tokenizer != nil {
		t.counts = use.Data.Counts(job.Workload.Tokenizer, func(text string) int { return len(tokenizer.Encode(text)) })
	}
	t.draws, err = use.Draws(t.counts, job.Workload.OSL.Kind == length.Text, job.Seed, job.Trial)
	if err == nil && job.LongestFirst {
		t.draws, err = t.draws.LongestFirst(int64(job.Workload.Requests))
	}
	if err != nil {
		return nil, stage.Fail(stage.Permanent, "no_prompts", err)
	}
	return t, nil
}

// longest is about how many tokens the longest prompt of the file has: what is encoded ahead is bounded by it.
func (t *texts) longest() int {
	most := 0
	for i := range t.use.Data.Entries {
		most = max(most, t.use.Data.Entries[i].Bytes())
	}
	return max(1, most/tokenBytes)
}

// quote makes the call of an item whose prompt is given. What is meant to be unlike all others, as a warm-up always is, has words in front.
func (a *author) quote(it *item, osl int) error {
	t, w := a.texts, a.job.Workload
	at, err := t.draws.At(it.index)
	if err != nil {
		return stage.Fail(stage.Permanent, "no_prompts", err)
	}
	entry := &t.use.Data.Entries[at]
	if w.OSL.Kind == length.Text {
		osl = t.counts.OSL(at)
	}
	unique := t.use.Unique || a.job.Purpose != prompt.Measure
	front := a.source.Front(a.job.Purpose, it.index, unique)
	made := client.Prompt{}
	for _, m := range entry.Prompt() {
		made.Messages = append(made.Messages, client.Message(m))
	}
	if front != "" {
		made.Messages[0].Content = front + "\n\n" + made.Messages[0].Content
	}
	shared := w.SharedPrefix
	if !unique {
		shared += t.known(at)
	}
	if w.API != client.Chat { // the language has seen to it that there is but one
		made = client.Prompt{Text: made.Messages[0].Content}
	}
	it.shared = int32(shared)
	return a.encode(it, made, 0, osl)
}

// known returns about how many tokens a prompt begins with that an earlier one began with, and takes it in.
func (t *texts) known(at int) int {
	var text []byte
	for _, m := range t.use.Data.Entries[at].Prompt() {
		text = append(append(text, m.Role...), m.Content...)
	}
	var beginning [sha256.Size]byte // of the parts so far
	known, same := 0, true
	for part := range slices.Chunk(text, sharedBytes) {
		beginning = sha256.Sum256(append(beginning[:], part...))
		if same = same && t.asked[beginning]; same {
			known += len(part)
		}
		t.asked[beginning] = true
	}
	return t.counts.ISL(at) * known / len(text)
}
