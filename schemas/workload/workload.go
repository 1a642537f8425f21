// Package workload holds the contents of the files that describe a suite's loads. Its sub-packages describe one property of a load each: lengths, traces,
// datasets, think times, phases and tokenizers.
//
// Its invariant: a configuration names a file by the digest of its content, so many cells share one copy, and none reads a file that has changed
// since the suite was read.
package workload

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/tokenizer"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
)

// Library is the contents of a suite's files, by the digests that configurations hold. The zero Library is empty and read-only.
type Library struct {
	Lengths    length.Columns
	Traces     trace.Library
	Texts      dataset.Library
	Tokenizers map[string]*tokenizer.Tokenizer
}

// NewLibrary returns an empty Library that takes additions.
func NewLibrary() Library {
	return Library{Lengths: length.Columns{}, Traces: trace.Library{}, Texts: dataset.Library{}, Tokenizers: map[string]*tokenizer.Tokenizer{}}
}

// AddTokenizer keeps a model's tokenizer under its key.
func (l Library) AddTokenizer(key string, t *tokenizer.Tokenizer) { l.Tokenizers[key] = t }

// Tokenizer returns the tokenizer with a key.
func (l Library) Tokenizer(key string) (*tokenizer.Tokenizer, error) {
	t, ok := l.Tokenizers[key]
	if !ok {
		return nil, fmt.Errorf("the tokenizer %s is not at hand", key)
	}
	return t, nil
}
