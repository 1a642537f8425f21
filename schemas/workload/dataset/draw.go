package dataset

import (
	"fmt"
	"sync"

	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// Ask says what is asked of a dataset.
type Ask struct {
	Answers bool // answers have the lengths of the recorded ones: what has none is left out
	Turns   bool // of conversations all turns, not the prompt alone
}

// Draws are the entries that the requests of one trial are made of, or its conversations, by their number. Each that is kept comes once before any comes
// again, in an order that is the same in all cells: those that are compared are asked the same. They are safe for concurrent use.
type Draws struct {
	use    Use
	counts *Counts
	ask    Ask

	mu    sync.Mutex
	order []int32 // of all entries
	seen  int     // of these, that have been looked at
	kept  []int32 // of those, which are
	first int64   // changes places with request 0
}

// Draws returns those of a trial. It is an error if what is kept has to be counted and nobody does.
func (u *Use) Draws(counts *Counts, ask Ask, seed int64, trial int) (*Draws, error) {
	if u.Keep != (Keep{}) && !counts.Exact() {
		return nil, fmt.Errorf("draw from %s: keep counts tokens, and there is no tokenizer", u.Data.Path)
	}
	return &Draws{use: *u, counts: counts, ask: ask, order: length.Order(u.Data.Digest, len(u.Data.Entries), seed, trial)}, nil
}

// At returns the entry of a number, from 0 on, by its place in the dataset. It is an error if none is kept.
func (d *Draws) At(index int64) (entry int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch index {
	case 0:
		index = d.first
	case d.first:
		index = 0
	}
	for ; d.seen < len(d.order) && int64(len(d.kept)) <= index; d.seen++ {
		if entry := int(d.order[d.seen]); d.keeps(entry) {
			d.kept = append(d.kept, d.order[d.seen])
		}
	}
	if len(d.kept) == 0 {
		return 0, d.none()
	}
	return int(d.kept[index%int64(len(d.kept))]), nil
}

// none says that nothing is left to ask.
func (d *Draws) none() error {
	if d.use.Keep == (Keep{}) {
		return fmt.Errorf("none of the %d entries of %s has an answer, whose length osl could be", len(d.order), d.use.Data.Path)
	}
	return fmt.Errorf("none of the %d entries of %s is within keep = { %s }: widen it", len(d.order), d.use.Data.Path, d.use.Keep)
}

// keeps reports whether an entry is one to send.
func (d *Draws) keeps(entry int) bool {
	if d.ask.Answers && len(d.turns(entry)) == 0 {
		return false
	}
	k := d.use.Keep
	return k == Keep{} || k.holds(d.counts.ISL(entry), d.counts.OSL(entry))
}

// turns are those of an entry that are asked, without the lengths of their answers.
func (d *Draws) turns(entry int) []Turn {
	e := &d.use.Data.Entries[entry]
	turns := []Turn{{Ask: e.Prompt(), Answer: e.Answer()}}
	if d.ask.Turns {
		turns = e.Turns()
	}
	if !d.ask.Answers {
		return turns
	}
	for i, turn := range turns {
		if last := i == len(turns)-1; turn.Answer == "" && !(last && e.OutputTokens > 0) {
			return turns[:i]
		}
	}
	return turns
}

// Turns is how many requests the entry of a number is asked in; 0 if none is kept.
func (d *Draws) Turns(number int64) int {
	entry, err := d.At(number)
	if err != nil {
		return 0
	}
	return len(d.turns(entry))
}

// Steps are the requests that the entry of a number is asked in. Their answers have a length where the lengths are to be the recorded ones.
func (d *Draws) Steps(number int64) (entry int, steps []Turn, err error) {
	if entry, err = d.At(number); err != nil {
		return 0, nil, err
	}
	steps = d.turns(entry)
	for i := range steps {
		switch {
		case !d.ask.Answers:
		case !d.ask.Turns:
			steps[i].OSL = d.counts.OSL(entry)
		case i == len(steps)-1 && d.use.Data.Entries[entry].OutputTokens > 0:
			steps[i].OSL = d.use.Data.Entries[entry].OutputTokens
		default:
			steps[i].OSL = int(d.counts.tokens(steps[i].Answer))
		}
	}
	return entry, steps, nil
}

// LongestFirst returns the same draws with the longest prompt of the first n requests in front, by its bytes: a tokenizer would take its time for them all.
func (d *Draws) LongestFirst(n int64) (*Draws, error) {
	longest, most := int64(0), 0
	for index := range min(n, int64(len(d.order))) {
		entry, err := d.At(index)
		if err != nil {
			return nil, err
		}
		if bytes := Bytes(d.use.Data.Entries[entry].Prompt()); bytes > most {
			longest, most = index, bytes
		}
	}
	return &Draws{use: d.use, counts: d.counts, ask: d.ask, order: d.order, first: longest}, nil
}
