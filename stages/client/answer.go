package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client/sse"
	"github.com/strangeloopio/inferencex/stages/client/wire"
)

// answer puts the row of a request together while its answer comes in.
type answer struct {
	client     *Client
	row        table.Request
	chunks     []table.Chunk
	firstChunk int // chunks before it are of other requests

	chunk       wire.Chunk // the event at hand; here so that it is not allocated for each
	finish      string
	usage       *wire.Usage
	usageSeq    int32 // chunks so far when usage last came along with one: then its growth is the chunk's tokens
	lastNS      int64 // of the last non-empty delta
	contentType string
	doneNS      int64 // when [DONE] was read; 0: not yet
	lingering   bool
}

// begin takes in the head of an answer.
func (a *answer) begin(resp *http.Response) {
	a.row.THeaders = a.now()
	a.row.HTTPStatus = int32(resp.StatusCode)
	a.row.Protocol = resp.Proto
	a.contentType = resp.Header.Get("Content-Type")
}

func (a *answer) now() *int64 {
	t := a.client.clock.NowNS()
	return &t
}

// event takes in one event that was whole at t.
func (a *answer) event(stream *sse.Scanner, t int64) (ending, error) {
	if a.row.TFirstEvent == nil {
		first := t
		a.row.TFirstEvent = &first
	}
	data := bytes.TrimSpace(stream.Data)
	switch {
	case a.doneNS != 0 || len(data) == 0:
		return going, nil
	case string(data) == "[DONE]":
		a.doneNS = t
		return going, nil
	}
	err := wire.Decode(data, &a.chunk)
	switch {
	case stream.Failed && (err != nil || !a.chunk.Failed):
		return failed, errors.New(wire.MessageOf(data))
	case err != nil:
		return garbled, fmt.Errorf("event %q: %w", data[:min(len(data), 80)], err)
	case a.chunk.Failed:
		return failed, errors.New(a.chunk.Failure)
	}
	a.delta(t)
	return going, nil
}

// delta takes in what the event at hand says.
func (a *answer) delta(t int64) {
	if a.chunk.Finish != "" {
		a.finish = a.chunk.Finish
	}
	if n := a.chunk.Bytes(); n > 0 {
		if a.row.TFirstToken == nil {
			first := t
			a.row.TFirstToken = &first
		}
		if a.row.TFirstAnswer == nil && a.chunk.Content+a.chunk.Tool > 0 {
			first := t
			a.row.TFirstAnswer = &first
		}
		a.lastNS = t
		a.chunks = append(a.chunks, table.Chunk{Seq: a.row.Chunks, T: t, Bytes: int32(n), Tokens: a.chunkTokens(), Kind: a.chunk.Kind()})
		a.row.Chunks++
		a.row.OutputBytes += int64(n)
		a.client.deltas.Add(1)
	}
	if a.chunk.HasUsage {
		usage := a.chunk.Usage
		a.usage, a.usageSeq = &usage, a.row.Chunks
	}
}

// chunkTokens returns the tokens of the delta at hand where the server counts along in each chunk, and 0 where it does not.
func (a *answer) chunkTokens() int32 {
	switch {
	case !a.chunk.HasUsage || a.usageSeq != a.row.Chunks:
		return 0
	case a.usage == nil:
		return a.chunk.Usage.CompletionTokens
	default:
		return a.chunk.Usage.CompletionTokens - a.usage.CompletionTokens
	}
}

// endOfBody says how a stream ended whose body gave err at t.
func (a *answer) endOfBody(stream *sse.Scanner, t int64, err error) (ending, error) {
	clean := err == io.EOF
	if stream.Finish(clean) {
		if end, err := a.event(stream, t); end != going {
			return end, err
		}
	}
	if clean || a.doneNS != 0 {
		return whole, nil
	}
	return broken, err
}

// document takes in a body that is one JSON document though a stream was asked for.
func (a *answer) document(body io.Reader) (ending, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxDocumentBytes))
	if err != nil {
		return broken, err
	}
	if err := wire.Decode(data, &a.chunk); err != nil {
		return garbled, err
	}
	if a.chunk.Failed {
		return failed, errors.New(a.chunk.Failure)
	}
	a.finish = a.chunk.Finish
	a.row.OutputBytes = int64(a.chunk.Bytes())
	if a.chunk.HasUsage {
		usage := a.chunk.Usage
		a.usage = &usage
	}
	return unstreamed, nil
}

// settle fills in the rest of the row.
func (a *answer) settle(ctx context.Context, end ending, err error) {
	row := &a.row
	row.TDone = a.client.clock.NowNS()
	if a.doneNS != 0 && ctx.Err() != nil { // the server kept the connection open: its answer ended before
		row.TDone = a.doneNS
	}
	if row.Chunks > 0 {
		last := a.lastNS
		row.TLastToken = &last
	}
	row.FinishReason = a.finish
	a.settleTokens()
	row.Status, row.Error = a.outcome(ctx, end, err)
	row.Error = a.client.excerpt(row.Error)
}

// settleTokens fills in the lengths: the server's where it said, else a chunk is taken for a token and the row says so.
func (a *answer) settleTokens() {
	row := &a.row
	if a.usage != nil {
		if a.usage.PromptTokens > 0 {
			row.ISL = &a.usage.PromptTokens
		}
		row.CachedTokens = a.usage.CachedTokens
	}
	switch {
	case a.usage != nil && (a.usage.CompletionTokens > 0 || row.Chunks == 0):
		row.OSL, row.TokenSource = &a.usage.CompletionTokens, "usage"
	case row.Chunks > 0:
		n := row.Chunks
		row.OSL, row.TokenSource = &n, "chunks"
	}
}
