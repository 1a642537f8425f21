package engine

import "github.com/strangeloopio/inferencex/stages/deploy/simulator/hardware"

// startStep forms the next batch, as vLLM does: every running sequence first
// (one token each to decode, or the next chunk of its prompt), then waiting
// ones in order as long as tokens, places and KV cache last.
func (e *Engine) startStep() {
	if e.dirty {
		e.dirty = false
		e.waiting.keep(func(s *sequence) bool { return !s.cancelled })
	}
	var b hardware.Batch
	for _, s := range e.running {
		if s.computed == s.PromptTokens {
			b.Decode++
			b.ContextTokens += s.computed + s.generated
		}
	}
	b.Sequences = b.Decode
	// Never negative, and decoding never starves: max_num_seqs ≤ max_num_batched_tokens.
	budget := e.cfg.MaxNumBatchedTokens - b.Decode
	prefill := func(s *sequence) {
		s.chunk = min(s.PromptTokens-s.computed, budget)
		if s.chunk == 0 {
			return
		}
		budget -= s.chunk
		b.Sequences++
		b.ContextTokens += s.computed
		b.PrefillTokens += s.chunk
	}
	for _, s := range e.running {
		prefill(s)
	}
	for len(e.running) < e.cfg.MaxNumSeqs && budget > 0 {
		s, ok := e.waiting.first()
		if !ok || e.kvTaken+s.kvTokens > e.capacity {
			break
		}
		e.waiting.pop()
		e.join(s)
		prefill(s)
	}
	if b.Sequences > 0 {
		e.run(e.cfg.Machine.Step(b))
	}
}

// join moves a sequence into the batch.
func (e *Engine) join(s *sequence) {
	e.kvTaken += s.kvTokens
	e.running = append(e.running, s)
	if e.prefix == nil {
		return
	}
	// The last prompt token is always computed: its output is the first token.
	s.cached = min(e.prefix.match(s.Blocks)*BlockTokens, (s.PromptTokens-1)/BlockTokens*BlockTokens)
	s.computed = s.cached
	e.stats.PrefixQueries += s.PromptTokens
	e.stats.PrefixHits += s.cached
}

// run sets a step going, the very first one after the cold start's stall.
func (e *Engine) run(step hardware.Step) {
	start := e.now
	if !e.warm {
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
		if s.cancelled {
			e.kvTaken -= s.kvTokens
			continue
		}
		if !e.advanceSequence(s) {
			kept = append(kept, s)
			continue
		}
		e.kvTaken -= s.kvTokens
	}
	clear(e.running[len(kept):])
	e.running = kept
}

// advanceSequence books one step of a sequence and reports whether that was its last.
func (e *Engine) advanceSequence(s *sequence) bool {
	if s.computed < s.PromptTokens {
		s.computed += s.chunk
		if s.computed < s.PromptTokens {
			return false
		}
		e.stats.PromptTokens += s.PromptTokens
		if e.prefix != nil {
			e.prefix.insert(s.Blocks)
		}
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
