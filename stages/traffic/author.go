package traffic

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/length"
	"github.com/strangeloopio/inferencex/schemas/suite/trace"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
)

// author writes the requests of a job.
type author struct {
	job       Job
	draws     *length.Draws
	trace     *trace.Trace               // nil: requests have nothing in common but the shared prefix
	begun     map[[sha256.Size]byte]bool // how the trace's prompts so far begin
	client    *client.Client
	source    *prompt.Source
	tokenizer prompt.Encoder // nil: the model's is not at hand
	texts     *texts         // nil: prompts are made of words that are drawn
	id        string         // that request ids begin with
}

func newAuthor(job Job, env stage.Env) (*author, error) {
	a := &author{job: job, begun: map[[sha256.Size]byte]bool{}, id: idPrefix(job.ID)}
	if key := job.Workload.Tokenizer; key != "" {
		own, ok := env.Tokenizers[key]
		if !ok {
			return nil, fmt.Errorf("the tokenizer %s is not at hand", key)
		}
		a.tokenizer = own
	}
	var err error
	if a.draws, err = job.draw(env.Datasets); err != nil {
		return nil, err
	}
	if job.Workload.Trace != nil && job.Purpose == prompt.Measure { // else only its lengths count
		a.trace, err = env.Traces.Resolve(*job.Workload.Trace)
	}
	if job.Workload.Dataset != nil && err == nil {
		a.texts, err = newTexts(job, env, a.tokenizer)
	}
	return a, err
}

// draw returns the lengths of the job's requests.
func (j Job) draw(datasets length.Columns) (*length.Draws, error) {
	input, err := datasets.Resolve(j.Workload.ISL)
	if err != nil {
		return nil, err
	}
	output, err := datasets.Resolve(j.Workload.OSL)
	if err != nil {
		return nil, err
	}
	draws, err := length.NewDraws(input, output, j.Seed, j.Trial)
	if err != nil || !j.LongestFirst {
		return draws, err
	}
	return draws.LongestFirst(int64(j.Workload.Requests)), nil
}

// idPrefix is short, as proxies cut long ids, and the same for the same job.
func idPrefix(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "ix-" + hex.EncodeToString(sum[:5])
}

// begin finds out how the server takes prompts, and returns how many tokens the longest has.
func (a *author) begin(ctx context.Context, c *client.Client) (longest int, err error) {
	w := a.job.Workload
	extent := a.draws.Extent(int64(a.job.Requests))
	shortest, _ := a.draws.At(extent.Shortest)
	longest, _ = a.draws.At(extent.Longest)
	if a.texts != nil {
		longest = a.texts.longest()
	}
	a.client = c
	a.source, err = prompt.Prepare(ctx, c, prompt.Spec{
		API: w.API, Shortest: shortest, Longest: longest, SharedPrefix: w.SharedPrefix,
		Seed: a.job.Seed, Scope: a.job.Scope, Nonce: a.job.Nonce, ExtraBody: w.ExtraBody, Tokenizer: a.tokenizer,
		Verbatim: a.texts != nil,
	})
	return longest, err
}

// write encodes the request of an index. It is called for one after another, from 0 on.
func (a *author) write(index int64) (item, error) {
	isl, osl := a.draws.At(index)
	if a.texts != nil {
		return a.quote(index, osl)
	}
	var blocks []int64
	if a.trace != nil {
		blocks = a.trace.Requests[index].Blocks
	}
	made, err := a.source.Of(a.job.Purpose, index, isl, blocks)
	if err != nil {
		return item{}, err
	}
	call, err := a.encode(index, made, isl, osl)
	return item{index: index, call: call, shared: int32(a.job.Workload.SharedPrefix + a.known(blocks, isl))}, err
}

// encode makes the request of an index ready to send.
func (a *author) encode(index int64, made client.Prompt, isl, osl int) (*client.Call, error) {
	w := a.job.Workload
	return a.client.Encode(client.Request{
		API: w.API, Prompt: made, ID: fmt.Sprintf("%s-%d", a.id, index), ISL: isl, OSL: osl,
		IgnoreEOS: w.IgnoreEOS, Temperature: w.Temperature, ExtraBody: w.ExtraBody, Timeout: a.job.RequestTimeout,
	})
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
