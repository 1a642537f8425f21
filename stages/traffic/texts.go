package traffic

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
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
	use, err := env.Library.Texts.Resolve(*job.Workload.Dataset)
	if err != nil {
		return nil, err
	}
	t := &texts{use: use, asked: map[[sha256.Size]byte]bool{}}
	if t.counts = use.Data.Counts("", nil); tokenizer != nil {
		t.counts = use.Data.Counts(job.Workload.Tokenizer, func(text string) int { return len(tokenizer.Encode(text)) })
	}
	t.draws, err = use.Draws(t.counts, dataset.Ask{Answers: job.Workload.OSL.Kind == length.Text, Turns: job.hasTurns()}, job.Seed, job.Trial)
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
		most = max(most, dataset.Bytes(t.use.Data.Entries[i].Prompt()))
	}
	return max(1, most/tokenBytes)
}

// quote makes the call of an item that begins a session with what its dataset has. What is meant to be unlike all others, as a warm-up always is, has words
// in front.
func (a *author) quote(it *item, osl int) error {
	t, w := a.texts, a.job.Workload
	_, steps, err := t.draws.Steps(it.session.Number)
	if err != nil {
		return stage.Fail(stage.Permanent, "no_prompts", err)
	}
	unique := t.use.Unique || a.job.Purpose != prompt.Measure
	said := messagesOf(steps[0].Ask)
	if it.shared = int32(w.SharedPrefix); !unique {
		it.shared += int32(t.known(steps[0].Ask))
	}
	if front := a.source.Front(a.job.Purpose, it.index, unique); front != "" {
		said[0].Content = front + between + said[0].Content
	}
	if err := a.encode(it, a.promptOf(said), 0, osl+steps[0].OSL); err != nil { // one of the two is 0: it is drawn or recorded
		return err
	}
	if it.asked != nil {
		it.asked.steps = steps[1:]
	}
	return nil
}

// quoteOn makes the call of an item that goes on from an answered one with the next question of its conversation.
func (a *author) quoteOn(it *item, before *asked, answered prompt.Answered, osl int) error {
	step := before.steps[0]
	made := before.prompt
	if a.job.Workload.API == client.Chat {
		made.Messages = slices.Concat(made.Messages, []client.Message{{Role: "assistant", Content: answered.Text}}, messagesOf(step.Ask))
	} else {
		made.Text += answered.Text + between + a.promptOf(messagesOf(step.Ask)).Text
	}
	it.shared = int32(answered.ISL + answered.OSL)
	if err := a.encode(it, made, 0, osl+step.OSL); err != nil {
		return err
	}
	if it.asked != nil {
		it.asked.steps = before.steps[1:]
	}
	return nil
}

// between stands between texts that are put together.
const between = "\n\n"

// promptOf is what the workload's API takes of messages: completions take their text.
func (a *author) promptOf(said []client.Message) client.Prompt {
	if a.job.Workload.API == client.Chat {
		return client.Prompt{Messages: said}
	}
	var texts []string
	for _, m := range said {
		texts = append(texts, m.Content)
	}
	return client.Prompt{Text: strings.Join(texts, between)}
}

func messagesOf(all []dataset.Message) []client.Message {
	said := make([]client.Message, len(all))
	for i, m := range all {
		said[i] = client.Message(m)
	}
	return said
}

// known returns about how many tokens messages begin with that earlier ones began with, and takes them in.
func (t *texts) known(all []dataset.Message) int {
	var text []byte
	for _, m := range all {
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
	return t.counts.Of(all) * known / len(text)
}
