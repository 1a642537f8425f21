package prompt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
)

// Server is what Prepare asks. *client.Client is one.
type Server interface {
	Tokenize(ctx context.Context, text string) ([]int64, error)
	Complete(ctx context.Context, r client.Request) table.Request
}

var _ Server = (*client.Client)(nil)

const (
	batchWords   = 32 // counted by one question
	fewestWords  = 8  // to draw prompts from
	enoughWords  = 64 // of one token: then longer ones are left out
	probeTokens  = 16
	tokenizeMax  = 96 // questions to /tokenize for a vocabulary
	usageMax     = 24 // short requests for a vocabulary
	corrections  = 3  // of the added tokens, by the longest prompts
	probeTimeout = 2 * time.Minute
)

// Prepare finds out what words and what tokens of its own the server makes a prompt of, by at most a hundred small questions and a
// few of the longest and the shortest prompts, and returns a source of prompts. It uses the surest method that the server offers.
func Prepare(ctx context.Context, server Server, spec Spec) (*Source, error) {
	p := &preparation{server: patient{server}, Source: &Source{spec: spec}}
	for _, step := range []func(context.Context) error{p.findWords, p.drawPrefix, p.check, p.findJoint} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("prepare prompts: %w", err)
		}
	}
	return p.Source, nil
}

// preparation is a source on its way.
type preparation struct {
	*Source
	server Server
	probes int64 // requests sent so far
}

// findWords sets the method, the words and the added tokens.
func (p *preparation) findWords(ctx context.Context) error {
	ids, err := p.findEncoder(ctx, strings.Join(strings.Fields(candidates), " "))
	switch {
	case err != nil:
		return err
	case p.encode == nil:
		return p.findByUsage(ctx)
	case p.spec.API != client.Chat && !p.spec.Verbatim:
		if taken, err := p.findByIDs(ctx, ids); taken || err != nil {
			return err
		}
	}
	return p.findByEncoder(ctx)
}

// findEncoder finds who makes tokens of text, and returns those of a sample. What the server says of that goes before the model's tokenizer, which may
// be of another model; where they agree, the tokenizer is asked from then on, as the server is there to be measured.
func (p *preparation) findEncoder(ctx context.Context, sample string) ([]int64, error) {
	served, err := p.server.Tokenize(ctx, sample)
	var refusal *client.StatusError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	// A server that refuses may offer completions alone.
	case err != nil && !errors.Is(err, client.ErrUnsupported) && !errors.As(err, &refusal):
		return nil, stage.Fail(stage.Transient, "endpoint_gone", err)
	case err != nil && p.spec.Tokenizer == nil:
		return nil, nil
	case p.spec.Tokenizer == nil:
		p.method, p.encode = Tokenize, p.server.Tokenize
		return served, nil
	}
	own := p.spec.Tokenizer.Encode(sample)
	if p.mismatch = err == nil && !slices.Equal(own, served); p.mismatch {
		p.method, p.encode = Tokenize, p.server.Tokenize
		return served, nil
	}
	p.method = File
	p.encode = func(_ context.Context, text string) ([]int64, error) { return p.spec.Tokenizer.Encode(text), nil }
	return own, nil
}

// findByIDs reports whether the server takes the ids of the candidate words as a prompt.
func (p *preparation) findByIDs(ctx context.Context, ids []int64) (bool, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) < max(fewestWords, probeTokens) {
		return false, nil
	}
	row := p.ask(ctx, client.Prompt{IDs: ids[:probeTokens]})
	if err := ctx.Err(); err != nil {
		return false, err
	}
	// A server may put a first token before them; one that made text of them counts many more.
	if row.Status != "ok" || row.ISL == nil || *row.ISL < probeTokens || *row.ISL > probeTokens+1 {
		return false, nil
	}
	p.method, p.fixed = TokenIDs, int(*row.ISL)-probeTokens
	for _, id := range ids {
		p.words = append(p.words, word{tokens: 1, id: id})
	}
	return true, nil
}

func (p *preparation) findByEncoder(ctx context.Context) error {
	count := func(ctx context.Context, text string) (int, error) {
		ids, err := p.encode(ctx, text)
		return len(ids), err
	}
	if err := p.measure(ctx, count, tokenizeMax); err != nil {
		return err
	}
	text := join(p.words[:fewestWords])
	bare, err := count(ctx, text)
	if err != nil {
		return err
	}
	whole, err := p.count(ctx, client.Prompt{Text: text})
	if whole > 0 {
		p.fixed = whole - bare
	}
	return err
}

func (p *preparation) findByUsage(ctx context.Context) error {
	p.method = Usage
	once, err := p.count(ctx, client.Prompt{Text: repeat("the", probeTokens)})
	if err != nil {
		return err
	}
	twice, err := p.count(ctx, client.Prompt{Text: repeat("the", 2*probeTokens)})
	if err != nil {
		return err
	}
	if once == 0 || twice == 0 { // no usage: a word is taken for a token, and Fit.Exact stays false
		for _, text := range strings.Fields(candidates) {
			p.words = append(p.words, word{text: text, tokens: 1})
		}
		return nil
	}
	p.fixed = max(0, 2*once-twice)
	return p.measure(ctx, func(ctx context.Context, text string) (int, error) {
		n, err := p.count(ctx, client.Prompt{Text: text})
		return n - p.fixed, err
	}, usageMax)
}

// measure sets the words: it counts the candidates in batches, and halves a batch that is not one token for each.
func (p *preparation) measure(ctx context.Context, count func(context.Context, string) (int, error), questions int) error {
	var visit func(batch []string) error
	visit = func(batch []string) error {
		if questions == 0 {
			return nil
		}
		questions--
		n, err := count(ctx, strings.Join(batch, " "))
		if err != nil {
			return err
		}
		if n != len(batch) && len(batch) > 1 {
			half := len(batch) / 2
			if err := visit(batch[:half]); err != nil {
				return err
			}
			return visit(batch[half:])
		}
		for _, text := range batch {
			if n > 0 {
				p.words = append(p.words, word{text: text, tokens: n / len(batch)})
			}
		}
		return nil
	}
	for batch := range slices.Chunk(strings.Fields(candidates), batchWords) {
		if err := visit(batch); err != nil {
			return err
		}
	}
	slices.SortStableFunc(p.words, func(a, b word) int { return cmp.Compare(a.tokens, b.tokens) })
	if whole := slices.IndexFunc(p.words, func(w word) bool { return w.tokens > 1 }); whole >= enoughWords {
		p.words = p.words[:whole]
	}
	if len(p.words) < fewestWords {
		return stage.Failf(stage.Permanent, "no_vocabulary", "the server counts only %d of the words that prompts are made of: its tokenizer is no use for text", len(p.words))
	}
	return nil
}

// drawPrefix draws the words that all prompts begin with.
func (p *preparation) drawPrefix(context.Context) error {
	if !p.spec.Verbatim {
		if err := p.room(p.spec.Shortest); err != nil {
			return err
		}
	}
	rng := seeded(p.spec.Seed, "shared prefix")
	for n := p.spec.SharedPrefix; n > 0; {
		w := p.words[rng.IntN(len(p.words))]
		if w.tokens > n {
			w = p.shortest()
		}
		p.prefix = append(p.prefix, w)
		n -= w.tokens
	}
	return nil
}

// check has the server count the longest prompts, and corrects the added tokens where its count is another: words may come to other numbers
// within a long text. Then it has the shortest counted: between the two, a text is taken to grow by its words.
func (p *preparation) check(ctx context.Context) error {
	if p.spec.Verbatim {
		p.method = Verbatim
		return nil
	}
	for range corrections {
		n, err := p.counted(ctx, p.spec.Longest)
		if err != nil {
			return err
		}
		if p.exact = n == p.spec.Longest; p.exact || n == 0 {
			break
		}
		p.fixed += n - p.spec.Longest
		if p.fixed < 0 || p.spec.Longest-p.fixed < 1 {
			return stage.Failf(stage.Permanent, "isl_mismatch", "the server counts %d tokens for a prompt made to have %d", n, p.spec.Longest)
		}
	}
	if !p.exact || p.spec.Shortest == p.spec.Longest {
		return p.room(p.spec.Shortest)
	}
	n, err := p.counted(ctx, p.spec.Shortest)
	p.exact = n == p.spec.Shortest
	return err
}

// counted returns what the server counts in a prompt made to have isl tokens.
func (p *preparation) counted(ctx context.Context, isl int) (int, error) {
	made, err := p.At(Probe, p.probes, isl)
	if err != nil {
		return 0, err
	}
	n, err := p.count(ctx, made)
	if err != nil {
		return 0, fmt.Errorf("a prompt of %d tokens: %w", isl, err)
	}
	return n, nil
}

// count returns the tokens that the server counts in a prompt, and 0 where it does not say.
func (p *preparation) count(ctx context.Context, prompt client.Prompt) (int, error) {
	row := p.ask(ctx, prompt)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case row.Status != "ok":
		return 0, stage.Failf(client.Class(row), client.Reason(row, "probe_failed"), "a request of one token ended with %s: %s", row.Status, row.Error)
	case row.ISL == nil:
		return 0, nil
	}
	return int(*row.ISL), nil
}

func (p *preparation) ask(ctx context.Context, prompt client.Prompt) table.Request {
	p.probes++
	return p.server.Complete(ctx, client.Request{
		API: p.spec.API, Prompt: prompt, OSL: 1, ExtraBody: p.spec.ExtraBody, Timeout: probeTimeout,
	})
}

func repeat(text string, n int) string {
	return strings.TrimSuffix(strings.Repeat(text+" ", n), " ")
}
