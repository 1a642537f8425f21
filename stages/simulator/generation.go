package simulator

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/openai"
	"github.com/strangeloopio/inferencex/stages/simulator/tokenizer"
)

// Without ignore_eos an answer has a length of its own: log-normal with this
// median and spread, roughly that of chat logs.
const (
	naturalMedian = 220
	naturalSigma  = 0.8
)

// generation is one request on its way through a handler.
type generation struct {
	server  *Server
	w       http.ResponseWriter
	request openai.Request
	answer  *openai.Answer
	fault   *Fault // still to strike
	stalled bool   // a fault has put it behind its schedule
	flight  *flight
	length  int
	reason  string
	text    uint64 // seeds the words
	record  RequestRecord
	buf     []byte // what is about to be written
	word    []byte
}

func (s *Server) generation(w http.ResponseWriter, req openai.Request, sentID string) *generation {
	// The answer depends on the prompt and the seed alone, as at temperature 0.
	rng := rand.New(rand.NewPCG(s.cfg.Seed, hash(req.Prompt)))
	length, reason := req.MaxTokens, "length"
	if natural := max(1, req.MinTokens, int(naturalMedian*math.Exp(naturalSigma*rng.NormFloat64()))); !req.IgnoreEOS && natural <= length {
		length, reason = natural, "stop"
	}
	id := sentID
	if id == "" {
		id = fmt.Sprintf("%016x%016x", s.cfg.Seed, s.lastID.Add(1))
	}
	created := s.driver.clock.unixNS(s.driver.clock.elapsed()) / int64(time.Second)
	g := &generation{
		server: s, w: w, request: req, answer: openai.NewAnswer(req, id, created),
		length: length, reason: reason, text: rng.Uint64(),
	}
	g.record = RequestRecord{ID: g.answer.ID(), XRequestID: sentID, PromptTokens: len(req.Prompt), Outcome: "cancelled"}
	return g
}

// hash is FNV-1a over the ids.
func hash(tokens []int64) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, id := range tokens {
		h = (h ^ uint64(id)) * 0x100000001b3
	}
	return h
}

// refuse answers with a fault instead of a generation.
func (g *generation) refuse(f Fault) {
	g.record.Outcome = string(f.Kind)
	g.book()
	f.apiError().WriteTo(g.w)
}

// start submits the generation, whose request was received at a simulated time.
func (g *generation) start(received time.Duration) *openai.Error {
	f, err := g.server.driver.submit(received, job{prompt: g.request.Prompt, answer: g.tokens(), output: g.length, maxTokens: g.request.MaxTokens, reason: g.reason})
	if err != nil {
		return openai.NewError(http.StatusBadRequest, "", err.Error())
	}
	g.flight = f
	return nil
}

// end books the request, however it went, and frees its place.
func (g *generation) end() {
	g.book()
	g.server.driver.drop(g.flight)
}

func (g *generation) book() {
	g.record.DoneNS = int64(g.server.driver.clock.elapsed())
	g.server.records.add(g.record)
}

// stream answers with server-sent events.
func (g *generation) stream(ctx context.Context) {
	flush := http.NewResponseController(g.w).Flush
	g.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	if flush() != nil {
		return
	}
	send := func() bool {
		if len(g.buf) == 0 {
			return true
		}
		_, err := g.w.Write(g.buf)
		g.buf = g.buf[:0]
		return err == nil && flush() == nil
	}
	for done := false; !done; {
		emissions, ok := g.flight.next(ctx)
		if !ok {
			panic(http.ErrAbortHandler) // cut, not ended
		}
		for _, m := range emissions {
			if g.strikes() && (!send() || !g.strike(ctx, send)) {
				return
			}
			if m.First {
				g.buf = g.answer.AppendRole(g.buf)
				g.record.CachedTokens = m.CachedTokens
			}
			if text := g.words(m.Tokens, m.Finished); len(text) > 0 {
				g.buf = g.answer.AppendText(g.buf, text)
				g.record.Chunks++
			}
			g.stamp(m.At, m.Tokens)
			done = m.Finished
		}
		if done {
			g.appendEnd()
			g.record.Outcome = g.reason
		}
		if !send() {
			return
		}
	}
}

func (g *generation) appendEnd() {
	g.buf = g.answer.AppendFinish(g.buf, g.reason)
	if g.request.IncludeUsage {
		g.buf = g.answer.AppendUsage(g.buf, g.usage())
	}
	g.buf = append(g.buf, openai.Done...)
}

// whole answers with one JSON object.
func (g *generation) whole(ctx context.Context) {
	var text []byte
	var last time.Duration
	for done := false; !done; {
		emissions, ok := g.flight.next(ctx)
		if !ok {
			panic(http.ErrAbortHandler)
		}
		for _, m := range emissions {
			if g.strikes() {
				if g.fault.Kind == FaultStreamError {
					g.record.Outcome = string(g.fault.Kind)
					g.fault.apiError().WriteTo(g.w)
					return
				}
				if !g.strike(ctx, func() bool { return true }) {
					return
				}
			}
			text = append(text, g.words(m.Tokens, m.Finished)...)
			g.record.Chunks++
			g.record.CachedTokens = m.CachedTokens
			g.record.CompletionTokens += m.Tokens
			last, done = m.At, m.Finished
		}
	}
	g.stamp(last, 0)
	g.record.Outcome = g.reason
	body := g.answer.AppendWhole(nil, text, g.reason, g.usage())
	g.w.Header().Set("Content-Type", "application/json")
	g.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = g.w.Write(body) // a client that left learns nothing
}

func (g *generation) usage() openai.Usage {
	return openai.Usage{
		PromptTokens: g.record.PromptTokens, CompletionTokens: g.record.CompletionTokens, CachedTokens: g.record.CachedTokens,
	}
}

// tokens are those of the whole answer that have a text.
func (g *generation) tokens() []int64 {
	ids := make([]int64, g.length)
	for i, text := 0, g.text; i < len(ids); i++ {
		text = nextWord(text)
		ids[i] = wordOf(text)
	}
	if g.reason == "stop" {
		return ids[:len(ids)-1]
	}
	return ids
}

// nextWord draws the next word of an answer, and wordOf is the one that was drawn: an English one, which clients that count for themselves count as
// one token, too.
func nextWord(text uint64) uint64 { return text*6364136223846793005 + 1442695040888963407 }
func wordOf(text uint64) int64    { return int64((text >> 33) % tokenizer.Common) }

// words returns the text of the next n tokens. The end-of-text token, which
// ends an answer that stops by itself, counts as a token and has no text.
func (g *generation) words(n int, finished bool) []byte {
	if finished && g.reason == "stop" {
		n--
	}
	g.word = g.word[:0]
	for range n {
		g.text = nextWord(g.text)
		g.word = tokenizer.AppendWord(g.word, int(wordOf(g.text)))
	}
	return g.word
}

// stamp books tokens that are about to be written and were due at a simulated time.
func (g *generation) stamp(due time.Duration, tokens int) {
	c := g.server.driver.clock
	wall := c.now()
	if !g.stalled {
		g.server.lag.add(wall.Sub(c.wall(due)))
	}
	g.record.LastTokenWriteNS = int64(c.at(wall))
	if g.record.FirstTokenWriteNS == 0 {
		g.record.FirstTokenWriteNS = g.record.LastTokenWriteNS
	}
	g.record.CompletionTokens += tokens
}
