// Package engine is a continuous-batching scheduler as a discrete-event
// simulation: requests go in at simulated times, tokens come out at simulated
// times.
//
// Invariant: it knows no clock but its own. What comes out depends only on
// the configuration, the submitted requests and the cancellations with their
// order and times, never on how finely the caller steps through the time.
package engine

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/kvcache"
)

// BlockTokens is how many tokens a block of the KV cache holds.
const BlockTokens = kvcache.BlockTokens

// Config describes an engine. Machine is needed; every other zero means a default.
type Config struct {
	Machine             hardware.Machine // what a step costs; its profile sets admission, network, cold start and jitter
	MaxNumSeqs          int              // sequences in one step; default: vLLM's for the GPU
	MaxNumBatchedTokens int              // tokens in one step, a longer prompt is prefilled in chunks; default: vLLM's for the GPU
	StreamInterval      int              // tokens in an emission after the first, default 1
	KVCapacityTokens    int              // default: what the machine has room for
	PrefixCache         bool
	Seed                uint64

	// OnSpan, where set, is told what the GPUs do, in order of time and
	// without overlap, when it begins. What it is not told of is idle time.
	OnSpan func(Span)
}

// Span is a stretch of simulated time in which the GPUs do one thing.
type Span struct {
	Start, End time.Duration
	PowerWatts float64 // of each GPU
	Busy       float64 // share of the time with kernels running
	Bandwidth  float64 // share of the memory bandwidth
}

// Request is one generation.
type Request struct {
	ID           uint64        // unique among the unfinished
	At           time.Duration // when the client sent it
	PromptTokens int           // at least 1
	OutputTokens int           // at least 1: how long the generation will turn out

	// Blocks are the running hashes of the full blocks of the prompt and its output, for the prefix cache: a prompt shares block i with what came
	// before where Blocks[i] are equal. A block without a hash is shared with nobody. The slice is not kept.
	Blocks []uint64
}

// Emission is the arrival of tokens at the client.
type Emission struct {
	ID           uint64
	At           time.Duration
	Tokens       int  // at least 1
	First        bool // carries the request's first token
	Finished     bool // carries its last token
	CachedTokens int  // prompt tokens found in the prefix cache
}

// Stats counts what the engine has and has done.
type Stats struct {
	Running, Waiting int     // requests in the batch; requests admitted to the queue or before it
	KVUsage          float64 // share of the KV cache's blocks that requests hold, 0 to 1
	PromptTokens     int     // of requests whose prefill is complete
	PrefixQueries    int     // prompt tokens looked up in the prefix cache
	PrefixHits       int     // of those, tokens found
	Preemptions      int     // times that a request lost its place in the batch and all its blocks
	Steps            int
}

// Engine schedules. It is not safe for concurrent use.
type Engine struct {
	cfg     Config
	profile hardware.Profile
	rng     *rand.Rand
	cache   *kvcache.Pool

	now          time.Duration
	lastAt       time.Duration // latest submission
	frontendFree time.Duration
	oneWay       time.Duration // half the network's round trip
	stepEnd      time.Duration
	stepping     bool
	warm         bool

	// A sequence is in one of these three. Running and then waiting ones are in the order in which they became ready, whatever was preempted.
	frontend fifo[*sequence] // submitted, not yet ready
	waiting  fifo[*sequence] // ready, not in the batch
	running  []*sequence

	live    map[uint64]*sequence // not cancelled, last token not yet made
	serials uint64
	spare   []*sequence    // done with, to be used again
	outbox  fifo[Emission] // on the network
	emitted []Emission     // the last Advance's result, reused
	stats   Stats
}

// New checks the configuration and returns an idle engine at time 0.
func New(cfg Config) (*Engine, error) {
	if cfg.Machine.KVCapacityTokens() == 0 {
		return nil, fmt.Errorf("engine: Config.Machine is not set; make one with hardware.New")
	}
	for _, v := range []struct {
		name  string
		value int
	}{
		{"max_num_seqs", cfg.MaxNumSeqs},
		{"max_num_batched_tokens", cfg.MaxNumBatchedTokens},
		{"stream_interval", cfg.StreamInterval},
		{"kv_capacity_tokens", cfg.KVCapacityTokens},
	} {
		if v.value < 0 {
			return nil, fmt.Errorf("engine: %s = %d: must be positive, or 0 for the default", v.name, v.value)
		}
	}
	seqs, tokens := defaults(cfg.Machine.Config().GPU)
	cfg.MaxNumBatchedTokens = cmp.Or(cfg.MaxNumBatchedTokens, tokens)
	cfg.MaxNumSeqs = cmp.Or(cfg.MaxNumSeqs, min(seqs, cfg.MaxNumBatchedTokens))
	cfg.StreamInterval = cmp.Or(cfg.StreamInterval, 1)
	cfg.KVCapacityTokens = cmp.Or(cfg.KVCapacityTokens, cfg.Machine.KVCapacityTokens())
	if cfg.MaxNumBatchedTokens < cfg.MaxNumSeqs {
		return nil, fmt.Errorf("engine: max_num_batched_tokens = %d is below max_num_seqs = %d: a full batch could not decode one token each",
			cfg.MaxNumBatchedTokens, cfg.MaxNumSeqs)
	}
	profile := cfg.Machine.Config().Profile
	return &Engine{
		cfg:     cfg,
		profile: profile,
		rng:     rand.New(rand.NewPCG(cfg.Seed, 0x656e67696e65)),
		cache:   kvcache.New(cfg.KVCapacityTokens/BlockTokens, cfg.PrefixCache),
		oneWay:  seconds(profile.NetworkSeconds / 2),
		live:    make(map[uint64]*sequence),
	}, nil
}

// defaults are vLLM's limits of a step for its server: larger ones from 70 GiB on, but not on an A100, where they cost throughput.
func defaults(gpu hardware.GPU) (seqs, tokens int) {
	const large = 70 << 30
	if gpu.MemoryBytes >= large && !strings.Contains(gpu.DeviceName, "A100") {
		return 1024, 8192
	}
	return 256, 2048
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Now is the time up to which the engine has advanced.
func (e *Engine) Now() time.Duration { return e.now }

// MaxNumSeqs is how many sequences there can be in one step.
func (e *Engine) MaxNumSeqs() int { return e.cfg.MaxNumSeqs }

// CapacityTokens is the length, prompt and output together, of the longest
// request that the KV cache can hold.
func (e *Engine) CapacityTokens() int { return e.cache.Limit() * BlockTokens }

// Submit takes a request. Submissions come in order of their time, and none
// lies before Now.
func (e *Engine) Submit(r Request) error {
	switch {
	case r.At < e.now || r.At < e.lastAt:
		return fmt.Errorf("submit request %d: its time %v is before %v, which has passed", r.ID, r.At, max(e.now, e.lastAt))
	case r.PromptTokens < 1 || r.OutputTokens < 1:
		return fmt.Errorf("submit request %d: %d prompt and %d output tokens: at least one of each is needed", r.ID, r.PromptTokens, r.OutputTokens)
	case r.PromptTokens+r.OutputTokens > e.CapacityTokens():
		return fmt.Errorf("submit request %d: %d prompt and %d output tokens exceed the KV cache of %d tokens",
			r.ID, r.PromptTokens, r.OutputTokens, e.CapacityTokens())
	case e.live[r.ID] != nil:
		return fmt.Errorf("submit request %d: a request of that id is unfinished", r.ID)
	}
	// The front end works on one request at a time, beside the engine.
	e.lastAt = r.At
	e.frontendFree = max(e.frontendFree, r.At+e.oneWay) + seconds(e.profile.AdmissionSeconds)
	s := e.blank()
	s.Request, s.ready, s.serial = r, e.frontendFree, e.serials
	if e.serials++; e.cfg.PrefixCache {
		s.table.Keys = append(s.table.Keys, r.Blocks[:min(len(r.Blocks), (r.PromptTokens+r.OutputTokens)/BlockTokens)]...)
	}
	s.Blocks = nil
	e.live[r.ID] = s
	e.frontend.push(s)
	return nil
}

// Cancel drops a request whose last token is not yet made, and what of it is
// still on the network; its place in the batch is free for the next step. It
// reports whether there was such a request.
func (e *Engine) Cancel(id uint64) bool {
	s := e.live[id]
	if s == nil {
		return false
	}
	s.cancelled = true // wherever it is: it is dropped when its turn comes
	delete(e.live, id)
	e.outbox.keep(func(m Emission) bool { return m.ID != id })
	return true
}

// Next returns the time of the next event, if there is one.
func (e *Engine) Next() (time.Duration, bool) {
	next, ok := time.Duration(0), false
	consider := func(t time.Duration) {
		if !ok || t < next {
			next, ok = t, true
		}
	}
	if e.stepping {
		consider(e.stepEnd)
	}
	if s, some := e.frontend.first(); some {
		consider(s.ready)
	}
	if m, some := e.outbox.first(); some {
		consider(m.At)
	}
	return next, ok
}

// Advance lets all events up to and including t happen and returns the
// emissions among them in order of time. The slice is valid until the next call.
func (e *Engine) Advance(t time.Duration) []Emission {
	e.emitted = e.emitted[:0]
	for {
		next, ok := e.Next()
		if !ok || next > t {
			break
		}
		e.now = next
		if e.stepping && e.stepEnd <= e.now {
			e.finishStep()
		}
		for s, ok := e.frontend.first(); ok && s.ready <= e.now; s, ok = e.frontend.first() {
			e.waiting.push(e.frontend.pop())
		}
		if !e.stepping {
			e.startStep()
		}
		for m, ok := e.outbox.first(); ok && m.At <= e.now; m, ok = e.outbox.first() {
			e.emitted = append(e.emitted, e.outbox.pop())
		}
	}
	e.now = max(e.now, t)
	return e.emitted
}

// Stats counts.
func (e *Engine) Stats() Stats {
	st := e.stats
	for _, s := range e.running {
		if !s.cancelled {
			st.Running++
		}
	}
	for _, q := range []*fifo[*sequence]{&e.frontend, &e.waiting} {
		for _, s := range q.all() {
			if !s.cancelled {
				st.Waiting++
			}
		}
	}
	st.KVUsage = float64(e.cache.InUse()) / float64(e.cache.Limit())
	return st
}
