package plan

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/suite"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// longest finds the longest request of cells. Cells that draw the same requests are drawn once.
type longest struct {
	seed   int64
	tokens map[string]int      // by what lengths are drawn from
	texts  map[string]longText // by what texts are drawn from
}

// longText is the entry of a dataset that comes to most tokens, the answer among them.
type longText struct{ entry, tokens int }

func newLongest(seed int64) *longest {
	return &longest{seed: seed, tokens: map[string]int{}, texts: map[string]longText{}}
}

// drawn is the most tokens of a request in any trial of a cell, the answer among them.
func (l *longest) drawn(c suite.Cell) int {
	most := 0
	for trial := 1; trial <= c.Trials; trial++ {
		w := c.Workload
		drawn := []any{c.Input, c.Output, trial, w.Requests, w.Turns, w.SharedPrefixTokens}
		key := string(canonicalJSON(drawn))
		tokens, known := l.tokens[key]
		if !known {
			tokens = mustDraw(longestDrawn(c, l.seed, trial))
			l.tokens[key] = tokens
		}
		most = max(most, tokens)
	}
	return most
}

// longestDrawn is the most tokens of a request in a trial of a cell. In a conversation that is the last one.
func longestDrawn(c suite.Cell, seed int64, trial int) (int, error) {
	w := c.Workload
	draws, err := length.NewDraws(c.Input, c.Output, seed, trial)
	if err != nil {
		return 0, err
	}
	if w.Turns.IsZero() {
		return draws.Extent(int64(w.Requests)).MostTokens, nil
	}
	sessions, err := length.NewSessions(w.Turns, seed, trial, int64(w.Requests))
	if err != nil {
		return 0, err
	}
	return sessions.MostTokens(draws, w.SharedPrefixTokens), nil
}

// mustDraw passes on what was drawn of datasets that the language has read.
func mustDraw(n int, err error) int {
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err))
	}
	return n
}

// mostTokens is what the distributions of a cell let a request come to, without drawing; false where one of
// them has no bound.
func mostTokens(c suite.Cell) (most int, bounded bool) {
	input, output, w := c.Input.Most(), c.Output.Most(), c.Workload
	if w.Turns.IsZero() {
		return input + output, input > 0 && output > 0
	}
	turns := w.Turns.Most()
	return w.SharedPrefixTokens + turns*(input+output), input > 0 && output > 0 && turns > 0
}

// text is the longest text of any trial of a cell that comes to more tokens than a bound. If none does, its
// tokens are the bound.
func (l *longest) text(c suite.Cell, bound int) (longText, error) {
	most := longText{tokens: bound}
	for trial := 1; trial <= c.Trials; trial++ {
		w := workloadOf(c)
		asked := []any{w.Dataset, w.Tokenizer, w.OSL, w.Turns, w.Requests, w.SharedPrefix, trial, bound}
		key := string(canonicalJSON(asked))
		found, known := l.texts[key]
		if !known {
			var err error
			if found, err = longestText(c, l.seed, trial, bound); err != nil {
				return longText{}, err
			}
			l.texts[key] = found
		}
		if found.tokens > most.tokens {
			most = found
		}
	}
	return most, nil
}

// longestText is the longest text of one trial, as longest.text says. What has no more bytes than tokens are
// allowed is not counted.
func longestText(c suite.Cell, seed int64, trial, bound int) (longText, error) {
	counts, draws, most := countsOf(c), drawsOf(c, seed, trial), longText{tokens: bound}
	sessions, err := sessionsOf(c, seed, trial)
	if err != nil {
		return most, err
	}
	lengths, err := length.NewDraws(c.Input, c.Output, seed, trial)
	if err != nil {
		return most, err
	}
	sessions = sessions.AtMost(draws.Turns)
	for session, ok := sessions.Next(); ok; session, ok = sessions.Next() {
		entry, steps, err := draws.Steps(session.Number)
		if err != nil {
			return most, err
		}
		bytes, answers := frontOf(c), 0
		for turn, step := range steps[:session.Turns] {
			_, osl := lengths.At(session.First + int64(turn))
			bytes, answers = bytes+dataset.Bytes(step.Ask), answers+osl+step.OSL
		}
		if bytes+answers <= most.tokens {
			continue
		}
		total := frontOf(c) + answers
		for _, step := range steps[:session.Turns] {
			total += counts.Of(step.Ask)
		}
		if total > most.tokens {
			most = longText{entry, total}
		}
	}
	return most, nil
}

// sessionsOf are the conversations of a trial of a cell; of one turn each where requests stand alone.
func sessionsOf(c suite.Cell, seed int64, trial int) (*length.Sessions, error) {
	requests, turns := int64(c.Workload.Requests), c.Workload.Turns
	if requests == 0 {
		requests = int64(len(c.Workload.Dataset.Data.Entries)) // by then all have come
	}
	if turns.IsZero() {
		turns = length.Of(1)
	}
	return length.NewSessions(turns, seed, trial, requests)
}
