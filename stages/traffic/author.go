package traffic

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
)

// author writes the requests of a job.
type author struct {
	job       Job
	draws     *length.Draws
	sessions  *length.Sessions           // that are still to begin
	trace     *trace.Trace               // nil: requests have nothing in common but the shared prefix
	begun     map[[sha256.Size]byte]bool // how the trace's prompts so far begin
	client    *client.Client
	clock     *stage.Clock
	source    *prompt.Source
	tokenizer prompt.Encoder // nil: the model's is not at hand
	texts     *texts         // nil: prompts are made of words that are drawn
	id        string         // that request ids begin with
}

func newAuthor(job Job, env stage.Env) (*author, error) {
	a := &author{job: job, begun: map[[sha256.Size]byte]bool{}, id: idPrefix(job.ID)}
	if key := job.Workload.Tokenizer; key != "" {
		own, err := env.Library.Tokenizer(key)
		if err != nil {
			return nil, err
		}
		a.tokenizer = own
	}
	var err error
	if a.draws, a.sessions, err = job.draw(env.Library.Lengths); err != nil {
		return nil, err
	}
	if job.Workload.Trace != nil && job.Purpose == prompt.Measure { // else only its lengths count
		a.trace, err = env.Library.Traces.Resolve(*job.Workload.Trace)
	}
	if job.Workload.Dataset == nil || err != nil {
		return a, err
	}
	if a.texts, err = newTexts(job, env, a.tokenizer); err == nil {
		a.sessions = a.sessions.AtMost(a.texts.draws.Turns)
	}
	return a, err
}

// draw returns the lengths of the job's requests, and which of them are a session.
func (j Job) draw(datasets length.Columns) (*length.Draws, *length.Sessions, error) {
	input, err := datasets.Resolve(j.Workload.ISL)
	if err != nil {
		return nil, nil, err
	}
	output, err := datasets.Resolve(j.Workload.OSL)
	if err != nil {
		return nil, nil, err
	}
	draws, err := length.NewDraws(input, output, j.Seed, j.Trial)
	if err != nil {
		return nil, nil, err
	}
	turns, err := datasets.Resolve(j.Workload.Turns)
	if err != nil {
		return nil, nil, err
	}
	whole := int64(j.Workload.Requests)
	if !turns.IsZero() && !j.hasTurns() && j.Workload.Dataset == nil {
		if draws, whole, err = j.lastRequests(draws, turns); err != nil {
			return nil, nil, err
		}
	}
	if !j.hasTurns() {
		turns = length.Of(1)
	}
	if j.LongestFirst {
		draws = draws.LongestFirst(whole)
	}
	sessions, err := length.NewSessions(turns, j.Seed, j.Trial, int64(j.Requests))
	return draws, sessions, err
}

// idPrefix is short, as proxies cut long ids, and the same for the same job.
func idPrefix(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "ix-" + hex.EncodeToString(sum[:5])
}

// prepare finds out how the server takes prompts, and returns how many tokens the longest has, of those that begin a session.
func (a *author) prepare(ctx context.Context, c *client.Client) (longest int, err error) {
	w := a.job.Workload
	extent := a.draws.Extent(int64(a.job.Requests))
	shortest, _ := a.draws.At(extent.Shortest)
	longest, _ = a.draws.At(extent.Longest)
	if a.texts != nil {
		longest = a.texts.longest()
	}
	turn := 0
	if a.job.hasTurns() {
		turn = shortest
		shortest, longest = shortest+w.SharedPrefix, longest+w.SharedPrefix
	}
	a.client = c
	a.source, err = prompt.Prepare(ctx, c, prompt.Spec{
		API: w.API, Shortest: shortest, Longest: longest, LeastTurn: turn, SharedPrefix: w.SharedPrefix,
		Seed: a.job.Seed, Scope: a.job.Scope, Nonce: a.job.Nonce, ExtraBody: w.ExtraBody, Tokenizer: a.tokenizer,
		Verbatim: a.texts != nil,
	})
	return longest, err
}

// begin encodes the request that begins the next session, and returns false behind the last one. It is called by one goroutine.
func (a *author) begin() (item, bool, error) {
	session, more := a.sessions.Next()
	if !more {
		return item{}, false, nil
	}
	it := a.item(session, 1)
	isl, osl := a.draws.At(it.index)
	if a.texts != nil {
		err := a.quote(&it, osl)
		return it, err == nil, err
	}
	if a.job.hasTurns() { // what is shared is not new
		isl += a.job.Workload.SharedPrefix
	}
	var blocks []int64
	if a.trace != nil {
		blocks = a.trace.Requests[it.index].Blocks
	}
	made, err := a.source.Of(a.job.Purpose, it.index, isl, blocks)
	if err != nil {
		return item{}, false, err
	}
	it.shared = int32(a.job.Workload.SharedPrefix + a.known(blocks, isl))
	err = a.encode(&it, made, isl, osl)
	return it, err == nil, err
}

// item is a turn of a session, from 1, without its call.
func (a *author) item(session length.Session, turn int32) item {
	index := session.First + int64(turn) - 1
	return item{index: index, id: fmt.Sprintf("%s-%d", a.id, index), session: session, turn: turn}
}

// encode makes the call of an item, and keeps what it takes to go on from it.
func (a *author) encode(it *item, made client.Prompt, isl, osl int) (err error) {
	w := a.job.Workload
	if int(it.turn) < it.session.Turns {
		it.asked = &asked{prompt: made, isl: isl, osl: osl}
	}
	it.call, err = a.client.Encode(client.Request{
		API: w.API, Prompt: made, ID: it.id, ISL: isl, OSL: osl,
		IgnoreEOS: w.IgnoreEOS, Temperature: w.Temperature, ExtraBody: w.ExtraBody, Timeout: a.job.RequestTimeout,
	})
	return err
}

// known returns how many tokens a prompt of blocks begins with that an earlier one began with, and takes it in.
func (a *author) known(blocks []int64, isl int) (tokens int) {
	var beginning [sha256.Size]byte // of the blocks so far
	known := true
	for _, block := range blocks {
		beginning = sha256.Sum256(binary.BigEndian.AppendUint64(beginning[:], uint64(block)))
		if known = known && a.begun[beginning]; known {
			tokens += trace.BlockTokens
		}
		a.begun[beginning] = true
	}
	return min(tokens, isl)
}
