// Package virtualtest plays loads against the simulator's scheduler without a clock: what clients would see if each of their requests went out
// and each token came in at its exact time.
//
// Invariant: equal engines and equal loads give equal timings; no machine's speed is in them.
package virtualtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

// Load is a closed loop: each of the users sends a request, waits for its last token and sends the next, until all are sent.
type Load struct {
	Users, Requests            int           // each at least 1
	PromptTokens, OutputTokens int           // of each request, each at least 1
	SharedTokens               int           // that all prompts begin with; the rest is each prompt's own
	Spread                     float64       // lengths are drawn evenly from 1 − Spread to 1 of the two above, at least 1; 0: all are equal
	Ramp                       time.Duration // over which the users begin, evenly
}

// Timing is what a client sees of one request, in simulated time since the engine's zero.
type Timing struct {
	Sent, First, Last time.Duration // first and last token
	Tokens, Chunks    int
}

// Play sends the load from now on, until its last answer has ended, and returns the timings in the order of sending. What the load before left
// in the engine, such as its prefix cache, is there for it.
func Play(e *engine.Engine, l Load) ([]Timing, error) {
	p := player{engine: e, load: l, begin: e.Now(), timings: make([]Timing, 0, l.Requests)}
	p.lengths = rand.New(rand.NewPCG(uint64(l.Requests), 0x6c656e67746873))
	for user := range min(l.Users, l.Requests) {
		p.due = append(p.due, p.begin+time.Duration(user)*l.Ramp/time.Duration(l.Users))
	}
	for {
		next, busy := e.Next()
		if len(p.due) > 0 && (!busy || p.due[0] <= next) {
			if err := p.send(); err != nil {
				return nil, err
			}
			continue
		}
		if !busy {
			return p.timings, nil
		}
		for _, m := range e.Advance(next) {
			p.receive(m)
		}
	}
}

type player struct {
	engine  *engine.Engine
	load    Load
	begin   time.Duration
	due     []time.Duration // when free users send, the next one first
	timings []Timing
	lengths *rand.Rand
}

func (p *player) send() error {
	n := len(p.timings)
	at := p.due[0]
	p.due = slices.Delete(p.due, 0, 1)
	prompt, output := p.prompt(n, p.length(p.load.PromptTokens)), p.length(p.load.OutputTokens)
	err := p.engine.Submit(engine.Request{
		ID: uint64(n), At: at, PromptTokens: len(prompt), OutputTokens: output, Blocks: engine.HashBlocks(prompt),
	})
	if err != nil {
		return fmt.Errorf("play a load: %w", err)
	}
	p.timings = append(p.timings, Timing{Sent: at})
	return nil
}

// length draws a length of at most so many tokens. Equal loads draw equal ones.
func (p *player) length(most int) int {
	if p.load.Spread == 0 {
		return most
	}
	return max(1, int(math.Round(float64(most)*(1-p.load.Spread*p.lengths.Float64()))))
}

// prompt returns so many tokens that differ from every other prompt's behind the shared ones.
func (p *player) prompt(n, length int) []int64 {
	tokens := make([]int64, length)
	for i := min(p.load.SharedTokens, len(tokens)); i < len(tokens); i++ {
		tokens[i] = int64(p.begin) + int64(n) + 1
	}
	return tokens
}

func (p *player) receive(m engine.Emission) {
	t := &p.timings[m.ID]
	t.Tokens += m.Tokens
	t.Chunks++
	if m.First {
		t.First = m.At
	}
	if m.Finished {
		t.Last = m.At
		if len(p.timings)+len(p.due) < p.load.Requests {
			at, _ := slices.BinarySearch(p.due, m.At)
			p.due = slices.Insert(p.due, at, m.At)
		}
	}
}

// Means are a load's figures, under the names and by the definitions of its results.
type Means struct {
	TTFTSeconds     float64 // sent to first token
	TPOTSeconds     float64 // between tokens after the first; of requests that had them at more than one time
	E2ELSeconds     float64 // sent to last token
	Interactivity   float64 // tokens per second and user: the mean of 1/TPOT
	OutputTPS       float64 // tokens ÷ (first sent → last token)
	ChunksPerSecond float64 // as OutputTPS, of chunks
	Concurrency     float64 // requests in flight, on average over that time
}

// Summarise returns the means of a load's timings, of which there is at least one.
func Summarise(timings []Timing) Means {
	var m Means
	var tokens, chunks, several float64
	first, last := timings[0].Sent, time.Duration(0)
	for _, t := range timings {
		first, last = min(first, t.Sent), max(last, t.Last)
		tokens += float64(t.Tokens)
		chunks += float64(t.Chunks)
		m.TTFTSeconds += (t.First - t.Sent).Seconds()
		m.E2ELSeconds += (t.Last - t.Sent).Seconds()
		if t.Last > t.First {
			tpot := (t.Last - t.First).Seconds() / float64(t.Tokens-1)
			several++
			m.TPOTSeconds += tpot
			m.Interactivity += 1 / tpot
		}
	}
	n, window := float64(len(timings)), (last - first).Seconds()
	m.Concurrency = m.E2ELSeconds / window
	m.OutputTPS, m.ChunksPerSecond = tokens/window, chunks/window
	m.TTFTSeconds, m.E2ELSeconds = m.TTFTSeconds/n, m.E2ELSeconds/n
	if several > 0 {
		m.TPOTSeconds, m.Interactivity = m.TPOTSeconds/several, m.Interactivity/several
	}
	return m
}
