package engine

import (
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// startStep forms the next batch, as vLLM's V1 scheduler does: every running sequence in order first (one token to decode, or the next chunk of
// what is to be computed), then waiting ones in order as long as tokens, places and blocks last. Where a running sequence finds no block, the
// last of the batch gives up its own and its place, and nobody joins in that step.
func (e *Engine) startStep() {
	var b hardware.Batch
	budget := e.cfg.MaxNumBatchedTokens
	before := e.stats.Preemptions
	for i := 0; i < len(e.running) && budget > 0; i++ {
		s := e.running[i]
		n := min(s.tokens()-s.computed, budget)
		if !e.makeRoom(s, s.computed+n) {
			break // it was the last one itself
		}
		e.schedule(s, n, &b)
		budget -= n
	}
	for budget > 0 && e.stats.Preemptions == before && len(e.running) < e.cfg.MaxNumSeqs {
		s, ok := e.waiting.first()
		if !ok {
			break
		}
		if s.cancelled {
			e.spare = append(e.spare, e.waiting.pop())
			continue
		}
		n, ok := e.join(s, budget)
		if !ok {
			break
		}
		e.schedule(s, n, &b)
		budget -= n
	}
	if b.Sequences > 0 {
		e.run(e.cfg.Machine.Step(b), b.Sequences > 1)
	}
}

// makeRoom finds a running sequence blocks for so many tokens. It returns false if that took the sequence's own place in the batch.
func (e *Engine) makeRoom(s *sequence, tokens int) bool {
	for !e.cache.Reserve(&s.table, 0, tokens) {
		last := e.running[len(e.running)-1]
		e.preempt(last)
		if last == s {
			return false
		}
	}
	return true
}

// preempt puts the batch's last sequence back to the front of the queue. Everything but its prefix in the cache has to be computed again.
func (e *Engine) preempt(last *sequence) {
	e.cache.Release(&last.table)
	e.running[len(e.running)-1] = nil
	e.running = e.running[:len(e.running)-1]
	e.waiting.pushFront(last)
	e.stats.Preemptions++
}

// join moves the first waiting sequence into the batch if there are blocks for what of it fits into the budget, and returns how many tokens that
// is.
func (e *Engine) join(s *sequence, budget int) (int, bool) {
	shared := 0
	if e.cfg.PrefixCache {
		// The last token is always computed: its output is the next one.
		shared = e.cache.Match(s.table.Keys[:min(len(s.table.Keys), (s.tokens()-1)/BlockTokens)])
	}
	found := shared * BlockTokens
	n := min(s.tokens()-found, budget)
	if !e.cache.Reserve(&s.table, shared, found+n) {
		return 0, false
	}
	e.waiting.pop()
	e.running = append(e.running, s)
	s.computed = found // and nothing else, whatever it was before a preemption
	if e.cfg.PrefixCache && !s.joined {
		s.cached = found
		e.stats.PrefixQueries += s.PromptTokens
		e.stats.PrefixHits += found
	}
	s.joined = true
	return n, true
}

// schedule puts n of a sequence's tokens into the batch; it has blocks for them. Blocks that they fill can be shared from now on: within a step,
// every layer writes all keys and values before it reads any.
func (e *Engine) schedule(s *sequence, n int, b *hardware.Batch) {
	s.scheduled = n
	b.Sequences++
	if s.generated > 0 && n == 1 {
		b.Decode++
		b.ContextTokens += s.computed + 1
	} else {
		b.PrefillTokens += n
		b.ContextTokens += s.computed
	}
	if !e.cfg.PrefixCache {
		return
	}
	full := (s.computed + n) / BlockTokens
	for i := len(s.table.Keys); i < full; i++ { // without a hash, so that only the sequence itself can find it again
		s.table.Keys = append(s.table.Keys, mix(mix(^uint64(0), s.serial), uint64(i)))
	}
	e.cache.Publish(&s.table, s.computed+n)
}

// run sets a step going, the first of several sequences after the cold start's stall: what a server does for the first time when requests run
// together, a lone one, such as those that find out what it is, does not have it do.
func (e *Engine) run(step hardware.Step, several bool) {
	start := e.now
	if several && !e.warm {
		e.warm = true
		start += seconds(e.profile.ColdStall(e.cfg.Machine.Config().GPUs))
	}
	e.stepping = true
	e.stepEnd = start + max(1, seconds(step.Seconds*e.jitter()))
	e.stats.Steps++
	if e.cfg.OnSpan == nil {
		return
	}
	if start > e.now {
		e.cfg.OnSpan(Span{Start: e.now, End: start, PowerWatts: e.cfg.Machine.ContextWatts()})
	}
	e.cfg.OnSpan(Span{Start: start, End: e.stepEnd, PowerWatts: step.PowerWatts, Busy: step.Busy, Bandwidth: step.Bandwidth})
}

// jitter draws a step's relative duration: normal around 1, cut at three
// standard deviations so that no step runs backwards.
func (e *Engine) jitter() float64 {
	z := max(-3, min(3, e.rng.NormFloat64()))
	return max(0.1, 1+e.profile.Jitter*z)
}

// finishStep books the step's tokens and sends what is due to the client.
func (e *Engine) finishStep() {
	e.stepping = false
	kept := e.running[:0]
	for _, s := range e.running {
		if s.cancelled || e.book(s) {
			e.cache.Release(&s.table)
			e.spare = append(e.spare, s)
			continue
		}
		kept = append(kept, s)
	}
	clear(e.running[len(kept):])
	e.running = kept
}

// book counts what a step has done for a sequence and reports whether that was its last.
func (e *Engine) book(s *sequence) bool {
	s.computed += s.scheduled
	s.scheduled = 0
	if s.computed < s.tokens() {
		return false
	}
	if s.generated == 0 {
		e.stats.PromptTokens += s.PromptTokens
	}
	s.generated++
	done := s.generated == s.OutputTokens
	if s.emitted == 0 || done || s.generated-s.emitted >= e.cfg.StreamInterval {
		e.emit(s, done)
	}
	return done
}

func (e *Engine) emit(s *sequence, done bool) {
	e.outbox.push(Emission{
		ID: s.ID, At: e.now + e.oneWay, Tokens: s.generated - s.emitted,
		First: s.emitted == 0, Finished: done, CachedTokens: s.cached,
	})
	s.emitted = s.generated
	if done {
		delete(e.live, s.ID)
	}
}
