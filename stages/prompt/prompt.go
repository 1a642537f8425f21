// Package prompt makes the prompts of a load, of an exact number of tokens by the server's own count. Its invariant: a prompt follows from the
// suite's seed, the load, the purpose and its index, and from nothing else but the server's vocabulary; and prompts of two purposes part at
// the first token behind the shared prefix, so that nothing that warms a server up is found again by its prefix cache. Texts that are given are not made but
// told apart, by words in front of them.
//
// A server that has answered the same load before would find all of its prompts again. Where that can be, the load's nonce has every word
// behind the shared prefix drawn anew.
package prompt

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
	"github.com/strangeloopio/inferencex/stages/client"
)

// Purpose is what a prompt is for.
type Purpose int

// The purposes. Their prompts begin with words of their own.
const (
	Measure Purpose = iota // of a load
	Warmup                 // of a warm-up
	Probe                  // of the questions that Prepare asks

	purposes
)

// Method is how prompts get their length.
type Method string

// The methods, the surest first.
const (
	TokenIDs Method = "token_ids" // the prompt is the ids: no tokenizer is in between
	Tokenize Method = "tokenize"  // text of words that the server's /tokenize has counted
	File     Method = "tokenizer" // text of words that the model's tokenizer.json has counted
	Usage    Method = "usage"     // text of words counted by the usage.prompt_tokens of short requests
	Verbatim Method = "verbatim"  // text of a dataset: it has the length that it has
)

// Spec says what prompts to make.
type Spec struct {
	API          string          // client.Chat or client.Completions
	Shortest     int             // prompt that will be asked for, in tokens by the server's usage.prompt_tokens: with what the server adds
	Longest      int             // prompt that will be asked for, likewise
	SharedPrefix int             // tokens of these that all prompts of the suite begin with, for every purpose
	Seed         int64           // the suite's
	Scope        string          // what sets this load's prompts apart from another's: its configuration
	Nonce        string          // what sets them apart from this load's own, sent to the same server before; empty: nothing
	ExtraBody    json.RawMessage // of the workload: some servers take no request without it
	Tokenizer    Encoder         // the model's own; nil where it is not at hand
	Verbatim     bool            // prompts are texts that are given, with Front before them: Shortest and Longest are nobody's
	LeastTurn    int             // tokens that are new in the shortest prompt that goes on from an answer: see Source.Follow; 0: none does
}

// Encoder makes tokens of text, without those that a template puts around it. *tokenizer.Tokenizer is one.
type Encoder interface {
	Encode(text string) []int64
}

// Source makes the prompts of one load. It is safe for concurrent use.
type Source struct {
	spec   Spec
	method Method
	words  []word
	fixed  int    // tokens that the server adds to a prompt
	joint  int    // tokens that it adds between an answer and what is asked next
	prefix []word // shared by all prompts
	exact  bool
	encode func(ctx context.Context, text string) ([]int64, error) // makes tokens of text; nil where nobody does
	// mismatch says that the server makes other tokens of a text than the model's tokenizer does.
	mismatch bool
}

// word is a piece of text and what it comes to within a prompt.
type word struct {
	text   string
	tokens int
	id     int64 // of a prompt of ids
}

// Fit is how well a source's prompts are known to have their length.
type Fit struct {
	Method      Method `json:"method"`
	Words       int    `json:"words"`                  // that prompts are drawn from
	AddedTokens int    `json:"added_tokens"`           // by the server: template, first token
	JointTokens int    `json:"joint_tokens,omitempty"` // by the server, between an answer and what is asked next
	Exact       bool   `json:"exact"`                  // prompts of the longest and the shortest length were counted by the server as just that
	// TokenizerMismatch says that the server makes other tokens of a text than the tokenizer.json of the model, which has not been used then.
	TokenizerMismatch bool `json:"tokenizer_mismatch,omitempty"`
}

// Fit returns how prompts get their length.
func (s *Source) Fit() Fit {
	return Fit{Method: s.method, Words: len(s.words), AddedTokens: s.fixed, JointTokens: s.joint, Exact: s.exact, TokenizerMismatch: s.mismatch}
}

// At returns the prompt of an index, from 0 on, with isl tokens. Equal arguments give equal bytes. Two prompts of 8 tokens or more behind the
// shared prefix are different but for a chance of one in a billion. It is an error where isl leaves no such token at all, which Prepare has
// ruled out from Spec.Shortest on.
func (s *Source) At(purpose Purpose, index int64, isl int) (client.Prompt, error) {
	return s.Of(purpose, index, isl, nil)
}

// Of returns a prompt as At does, but made of blocks as far as they reach: each has trace.BlockTokens tokens, that follow from its name alone.
func (s *Source) Of(purpose Purpose, index int64, isl int, blocks []int64) (client.Prompt, error) {
	if err := s.room(isl); err != nil {
		return client.Prompt{}, err
	}
	return s.render(s.compose(purpose, index, isl-s.fixed, blocks)), nil
}

// Front returns what stands before a text that is given: the shared prefix, and where the text is to be unlike that of any other request some words that are
// drawn for the index. It is empty where there is neither.
func (s *Source) Front(purpose Purpose, index int64, unique bool) string {
	words := slices.Clone(s.prefix)
	if unique {
		rng := s.seeded(purpose, index)
		words = append(words, s.words[s.own(purpose, rng)])
		for range dataset.FrontWords - 1 {
			words = append(words, s.words[rng.IntN(len(s.words))])
		}
	}
	return join(words)
}

// room returns an error if a prompt of isl tokens has none of its own.
func (s *Source) room(isl int) error {
	least := s.fixed + s.spec.SharedPrefix + 1
	if isl >= least {
		return nil
	}
	return stage.Failf(stage.Permanent, "isl_too_small", "an isl of %d leaves no token for a prompt of its own: the server adds %d and the shared prefix has %d, so give isl at least %d",
		isl, s.fixed, s.spec.SharedPrefix, least)
}

// compose draws words of n tokens in all, where the vocabulary allows it, and of the least more where not.
func (s *Source) compose(purpose Purpose, index int64, n int, blocks []int64) []word {
	drawn := make([]word, 0, n)
	for _, w := range s.prefix {
		if w.tokens > n {
			break
		}
		drawn = append(drawn, w)
		n -= w.tokens
	}
	for _, block := range blocks {
		size := min(trace.BlockTokens, n)
		drawn = s.draw(drawn, purpose, s.seeded(purpose, block, ofBlock), size)
		n -= size
	}
	return s.draw(drawn, purpose, s.seeded(purpose, index), n)
}

// ofBlock sets what is drawn for a block apart from what is drawn for an index.
const ofBlock = 1

func (s *Source) seeded(purpose Purpose, numbers ...int64) *rand.Rand {
	return seeded(s.spec.Seed, s.spec.Scope+s.spec.Nonce, append([]int64{int64(purpose)}, numbers...)...)
}

// draw appends words of n tokens, of which the first is one that the purpose has for itself.
func (s *Source) draw(drawn []word, purpose Purpose, rng *rand.Rand, n int) []word {
	for w := s.words[s.own(purpose, rng)]; n > 0; w = s.words[rng.IntN(len(s.words))] {
		if w.tokens > n {
			w = s.shortest()
		}
		drawn = append(drawn, w)
		n -= w.tokens
	}
	return drawn
}

// own draws a word that the purpose has for itself.
func (s *Source) own(purpose Purpose, rng *rand.Rand) int {
	return rng.IntN((len(s.words)-int(purpose)+int(purposes)-1)/int(purposes))*int(purposes) + int(purpose)
}

// shortest returns a word of the fewest tokens: Prepare puts them first.
func (s *Source) shortest() word { return s.words[0] }

func (s *Source) render(words []word) client.Prompt {
	if s.method == TokenIDs {
		ids := make([]int64, len(words))
		for i, w := range words {
			ids[i] = w.id
		}
		return client.Prompt{IDs: ids}
	}
	return client.Prompt{Text: join(words)}
}

func join(words []word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// seeded returns a generator for one prompt: neighbours in index or seed are as far apart as any others.
func seeded(seed int64, scope string, numbers ...int64) *rand.Rand {
	h := sha256.New()
	h.Write([]byte(scope))
	var b [8]byte
	for _, n := range append(numbers, seed) {
		binary.BigEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])))
}
