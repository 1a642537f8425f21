package engine

import (
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/kvcache"
)

// sequence is a request on its way through the engine.
type sequence struct {
	Request
	ready     time.Duration // when the front end has let it in
	serial    uint64        // tells it from every other
	table     kvcache.Table
	computed  int // tokens, of prompt and output, whose keys and values exist
	scheduled int // tokens that the current step computes
	generated int
	emitted   int
	cached    int  // prompt tokens found in the prefix cache when it first joined the batch
	joined    bool // it has been in the batch
	cancelled bool
}

// tokens is how many there are so far; the last one's keys and values are computed in the step that makes the next.
func (s *sequence) tokens() int { return s.PromptTokens + s.generated }

// blank is a sequence in memory of one that is done with, if there is any.
func (e *Engine) blank() *sequence {
	last := len(e.spare) - 1
	if last < 0 {
		return &sequence{}
	}
	s := e.spare[last]
	e.spare = e.spare[:last]
	s.table.Keys = s.table.Keys[:0]
	*s = sequence{table: s.table}
	return s
}
