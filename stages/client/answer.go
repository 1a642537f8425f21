package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client/h1"
	"github.com/strangeloopio/inferencex/stages/client/sse"
	"github.com/strangeloopio/inferencex/stages/client/wire"
)

const (
	maxRefusalBytes  = 64 << 10
	maxDocumentBytes = 16 << 20
)

// answer puts the row of a request together while its answer comes in, piece by piece.
type answer struct {
	client *Client
	row    table.Request
	chunks []table.Chunk
	keep   bool               // the text is wanted
	text   []byte             // of the answer so far, as it stands between the quotes of a JSON string
	leave  context.CancelFunc // ends the request's context
	linger *time.Timer

	form   form
	stream sse.Scanner
	held   []byte // a body that is no stream
	end    ending // going until the answer itself is known to be no good
	err    error  // why

	decoder     wire.Decoder
	chunk       wire.Chunk // the event at hand; here so that it is not allocated for each
	finish      string
	hasUsage    bool
	usage       wire.Usage
	usageSeq    int32 // chunks so far when usage last came along with one: then its growth is the chunk's tokens
	lastNS      int64 // of the last non-empty delta
	thought     bool  // a delta was reasoning
	unread      int32 // events that had text nowhere but where none is known to stand
	contentType string
	doneNS      int64 // when [DONE] was read; 0: not yet
}

// form is what sort of body comes.
type form int

const (
	unknown form = iota // until more than white space is there
	events
	document
	refusal
	encoded // in a way that was not asked for
)

func (c *Client) newAnswer(call *Call, schedNS int64, chunks []table.Chunk) *answer {
	return &answer{client: c, row: call.row(schedNS), chunks: chunks}
}

// Head takes in the head of an answer.
func (a *answer) Head(t int64, head h1.Head) {
	a.row.THeaders = &t
	a.row.HTTPStatus = int32(head.Status)
	a.row.Protocol = head.Proto
	a.contentType = head.ContentType
	switch {
	case head.Status != http.StatusOK:
		a.form = refusal
	case head.ContentEncoding != "" && head.ContentEncoding != "identity":
		a.form, a.end, a.err = encoded, compressed, errors.New(head.ContentEncoding)
	}
}

// Body takes in the next bytes of a body and reports whether they decide the answer.
func (a *answer) Body(t int64, b []byte) (enough bool) {
	if a.form == unknown {
		a.form = formOf(b)
	}
	switch a.form {
	case refusal:
		a.held = append(a.held, b...)
		return len(a.held) >= maxRefusalBytes
	case document:
		a.held = append(a.held, b...)
		return len(a.held) >= maxDocumentBytes
	case events, unknown:
		if err := a.stream.Feed(b); err != nil {
			a.end, a.err = garbled, err
			return true
		}
		for a.stream.Next() {
			if a.end, a.err = a.event(t); a.end != going {
				return true
			}
		}
	}
	return a.end != going
}

// event takes in one event that was whole at t.
func (a *answer) event(t int64) (ending, error) {
	data := bytes.TrimSpace(a.stream.Data)
	if a.row.TFirstEvent == nil {
		a.row.TFirstEvent = at(t)
		if other := othersID(data, a.row.ID); other != "" {
			return misplaced, fmt.Errorf("the answer is to another request: its id names %s", other)
		}
	}
	switch {
	case a.doneNS != 0 || len(data) == 0:
		return going, nil
	case string(data) == "[DONE]":
		a.doneNS = t
		a.linger = time.AfterFunc(lingerAfterDone, a.leave)
		return going, nil
	}
	err := a.decoder.Decode(data, &a.chunk)
	switch {
	case a.stream.Failed && (err != nil || !a.chunk.Failed):
		return failed, errors.New(wire.MessageOf(data))
	case err != nil:
		return garbled, fmt.Errorf("event %q: %w", data[:min(len(data), 80)], err)
	case a.chunk.Failed:
		return failed, errors.New(a.chunk.Failure)
	}
	if a.keep && a.chunk.Content > 0 {
		a.text = a.decoder.AppendContent(a.text, data)
	}
	a.delta(t)
	return going, nil
}

// at is a time of a row that has come.
func at(t int64) *int64 { return &t }

// delta takes in what the event at hand says.
func (a *answer) delta(t int64) {
	if a.chunk.Finish != "" {
		a.finish = a.chunk.Finish
	}
	a.thought = a.thought || a.chunk.Reasoning > 0
	if n := a.chunk.Bytes(); n > 0 {
		if a.row.TFirstToken == nil {
			a.row.TFirstToken = at(t)
		}
		if a.row.TFirstAnswer == nil && a.chunk.Content+a.chunk.Tool > 0 {
			a.row.TFirstAnswer = at(t)
		}
		a.lastNS = t
		a.chunks = append(a.chunks, table.Chunk{Seq: a.row.Chunks, T: t, Bytes: int32(n), Tokens: a.chunkTokens(), Kind: a.chunk.Kind()})
		a.row.Chunks++
		a.row.OutputBytes += int64(n)
		a.client.deltas.Add(1)
	} else if a.chunk.Unread > 0 {
		a.unread++
	}
	if a.chunk.HasUsage {
		a.hasUsage, a.usage, a.usageSeq = true, a.chunk.Usage, a.row.Chunks
	}
}

// said returns the text that was kept.
func (a *answer) said() string {
	var text string
	_ = json.Unmarshal(slices.Concat([]byte{'"'}, a.text, []byte{'"'}), &text) // made of what was read from JSON
	return text
}

// chunkTokens returns the tokens of the delta at hand where the server counts along in each chunk, and 0 where it does not.
func (a *answer) chunkTokens() int32 {
	switch {
	case !a.chunk.HasUsage || a.usageSeq != a.row.Chunks:
		return 0
	case !a.hasUsage:
		return a.chunk.Usage.CompletionTokens
	default:
		return a.chunk.Usage.CompletionTokens - a.usage.CompletionTokens
	}
}

// close says how an answer ended of which the head has come, and whose body ended at t: whole or by enough where err is nil, or by err.
func (a *answer) close(ctx context.Context, t int64, err error) {
	end, why := a.ending(t, err)
	a.conclude(ctx, t, end, why)
}

func (a *answer) ending(t int64, err error) (ending, error) {
	if a.end != going {
		return a.end, a.err
	}
	switch a.form {
	case refusal:
		code := int(a.row.HTTPStatus)
		return refused, &StatusError{Code: code, Message: a.client.excerpt(wire.Refusal(a.held)), Hint: a.client.hint(code)}
	case document:
		if err != nil {
			return broken, err
		}
		return a.closeDocument()
	}
	if a.stream.Finish(err == nil) {
		if end, why := a.event(t); end != going {
			return end, why
		}
	}
	if err == nil || a.doneNS != 0 {
		return whole, nil
	}
	return broken, err
}

// closeDocument takes in a body that is one JSON document though a stream was asked for.
func (a *answer) closeDocument() (ending, error) {
	if err := wire.Decode(a.held, &a.chunk); err != nil {
		return garbled, err
	}
	if a.chunk.Failed {
		return failed, errors.New(a.chunk.Failure)
	}
	a.finish = a.chunk.Finish
	a.row.OutputBytes = int64(a.chunk.Bytes())
	a.hasUsage, a.usage = a.chunk.HasUsage, a.chunk.Usage
	return unstreamed, nil
}

// formOf tells the body that begins so: one JSON document, or a stream of events, whatever its content type says.
func formOf(begin []byte) form {
	begin = bytes.TrimLeft(begin, " \t\r\n")
	switch {
	case len(begin) == 0:
		return unknown
	case begin[0] == '{':
		return document
	default:
		return events
	}
}

func (a *answer) stopLingering() {
	if a.linger != nil {
		a.linger.Stop()
	}
}

// conclude fills in the rest of the row of an answer that ended at t.
func (a *answer) conclude(ctx context.Context, t int64, end ending, err error) {
	if end == misplaced {
		a.client.misplaced.Add(1)
	}
	row := &a.row
	row.TDone = t
	if a.doneNS != 0 && ctx.Err() != nil { // the server kept the connection open: its answer ended before
		row.TDone = a.doneNS
	}
	if row.Chunks > 0 {
		row.TLastToken = at(a.lastNS)
	}
	row.FinishReason = a.finish
	a.countTokens()
	row.Status, row.Error = a.outcome(ctx, end, err)
	row.Error = a.client.excerpt(row.Error)
}

// countTokens fills in the lengths: the server's where it said, else a chunk is taken for a token and the row says so.
func (a *answer) countTokens() {
	row, usage := &a.row, a.usage // a copy, so that the row does not hold the answer
	if usage.PromptTokens > 0 {
		row.ISL = &usage.PromptTokens
	}
	if usage.HasCached {
		row.CachedTokens = &usage.CachedTokens
	}
	switch {
	case a.hasUsage && (usage.CompletionTokens > 0 || row.Chunks == 0):
		row.OSL, row.TokenSource = &usage.CompletionTokens, "usage"
	case row.Chunks > 0:
		n := row.Chunks
		row.OSL, row.TokenSource = &n, "chunks"
	}
	if usage.ReasoningTokens > 0 {
		row.Reasoning = &usage.ReasoningTokens
	}
	row.Unread = &a.unread
	if row.OSL != nil {
		n := a.timed(*row.OSL)
		row.OSLTimed = &n
	}
}

// timed returns of how many of n output tokens the arrival was seen. Reasoning that usage counts and no
// delta had was not streamed. Of events that could not be read, as many tokens are missing on average as
// one that could be read has.
func (a *answer) timed(n int32) int32 {
	seen := a.row.Chunks
	if seen == 0 {
		return 0
	}
	// Some servers count reasoning beside the completion.
	if hidden := a.usage.ReasoningTokens; !a.thought && hidden < n {
		n -= hidden
	}
	return int32(int64(n) * int64(seen) / int64(seen+a.unread))
}
