package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/extra"
)

// The APIs that a request can use, as stage.Workload names them.
const (
	Chat        = "chat"
	Completions = "completions"
)

// Prompt is what a request asks: messages or token ids where there are any, else text. Chat sends the text as the one message of a user.
type Prompt struct {
	Text     string
	IDs      []int64   // for completions only
	Messages []Message // for chat only
}

// Message is one of a chat.
type Message struct {
	Role    string `json:"role"` // "system", "user" or "assistant"
	Content string `json:"content"`
}

// Request is one request for a streamed answer.
type Request struct {
	API         string // Chat or Completions; empty: Completions
	Prompt      Prompt
	ID          string // X-Request-Id; empty sends none
	ISL         int    // tokens that the prompt is meant to have: recorded, not sent
	OSL         int    // most tokens of the answer, and the least too if IgnoreEOS; 0 leaves it to the server
	IgnoreEOS   bool
	Temperature float64
	Seed        *int64
	// ExtraBody is a JSON object that is merged over the body. A null removes what the client would have sent (min_tokens from a server that
	// refuses unknown names). What is measured rests on is not its business: see extra.Member.
	ExtraBody json.RawMessage
	Timeout   time.Duration // server seconds for the whole answer; 0: only the context ends it
}

// Call is a request made ready to send: encoding is done ahead of the clock. It is never written to and may be sent many times.
type Call struct {
	id       string
	path     string
	wire     []byte // the request as HTTP/1.1 has it
	head     int    // bytes of its head
	isl, osl int32
	timeout  time.Duration
}

// Encode makes r ready to send. Equal requests give equal bytes.
func (c *Client) Encode(r Request) (*Call, error) {
	call := &Call{id: r.ID, isl: int32(r.ISL), osl: int32(r.OSL), timeout: r.Timeout}
	body := map[string]any{
		"model":          c.endpoint.Model,
		"stream":         true,
		"stream_options": json.RawMessage(`{"include_usage":true}`),
		"temperature":    r.Temperature,
	}
	switch r.API {
	case Chat:
		if len(r.Prompt.IDs) > 0 {
			return nil, errors.New("encode request: chat takes text, not token ids")
		}
		call.path = "/v1/chat/completions"
		body["messages"] = r.Prompt.Messages
		if len(r.Prompt.Messages) == 0 {
			body["messages"] = []Message{{Role: "user", Content: r.Prompt.Text}}
		}
	case Completions, "":
		if len(r.Prompt.Messages) > 0 {
			return nil, errors.New("encode request: completions take text or token ids, not messages")
		}
		call.path = "/v1/completions"
		body["prompt"] = r.Prompt.Text
		if len(r.Prompt.IDs) > 0 {
			body["prompt"] = appendIDs(nil, r.Prompt.IDs)
		}
	default:
		return nil, fmt.Errorf("encode request: api %q: want %q or %q", r.API, Chat, Completions)
	}
	if r.OSL > 0 {
		body[c.maxTokensField] = r.OSL
	}
	if r.IgnoreEOS {
		body["ignore_eos"] = true
		body["min_tokens"] = r.OSL
	}
	if r.Seed != nil {
		body["seed"] = *r.Seed
	}
	if err := mergeExtra(body, r.ExtraBody); err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	call.wire = c.appendHead(make([]byte, 0, len(text)+512), call, len(text))
	call.head = len(call.wire)
	call.wire = append(call.wire, text...)
	return call, nil
}

// body returns the call's JSON.
func (call *Call) body() []byte { return call.wire[call.head:] }

// appendHead appends the head of a request with a body of so many bytes.
func (c *Client) appendHead(b []byte, call *Call, length int) []byte {
	b = fmt.Appendf(b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", c.prefix+call.path, c.host, length)
	b = append(b, c.fields...)
	if call.id != "" {
		b = fmt.Appendf(b, "X-Request-Id: %s\r\n", call.id)
	}
	return append(b, "\r\n"...)
}

func mergeExtra(body map[string]any, given json.RawMessage) error {
	if len(given) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(given, &members); err != nil {
		return fmt.Errorf("extra body: want a JSON object: %w", err)
	}
	for name, value := range members {
		null := string(value) == "null"
		if err := extra.Member(name, null); err != nil {
			return fmt.Errorf("extra body: %w", err)
		}
		if null {
			delete(body, name)
			continue
		}
		body[name] = value
	}
	return nil
}

func appendIDs(b json.RawMessage, ids []int64) json.RawMessage {
	b = append(b, '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return append(b, ']')
}

// row returns what is known of the call's row before it is sent.
func (call *Call) row(schedNS int64) table.Request {
	return table.Request{ID: call.id, TSched: schedNS, ISLRequested: call.isl, OSLRequested: call.osl, TokenSource: "none"}
}

// Unsent returns the row of a request that could not be made, because of err, and so failed at nowNS.
func Unsent(id string, schedNS, nowNS int64, err error) table.Request {
	row := (&Call{id: id}).row(schedNS)
	row.TSend, row.TDone, row.Status, row.Error = nowNS, nowNS, "http_error", err.Error()
	return row
}

// Dropped returns the row of a call that was never sent, because of what is said in why.
func (call *Call) Dropped(schedNS int64, why string) table.Request {
	row := call.row(schedNS)
	row.TSend, row.TDone, row.Status, row.Error = schedNS, schedNS, "dropped", why
	return row
}
