// Package openai is the wire of an OpenAI-compatible server as vLLM speaks it:
// it reads request bodies and prints answers, chunks and errors.
//
// Invariant: it holds no state and knows no time; what it prints for a chunk
// is one complete server-sent event.
package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/strangeloopio/inferencex/stages/simulator/tokenizer"
)

// Request is a completion request, chat or not, checked and tokenized.
type Request struct {
	Chat         bool
	Model        string
	Prompt       []int64 // tokens, the chat template included
	MaxTokens    int     // at least 1
	MinTokens    int     // at most MaxTokens
	IgnoreEOS    bool
	Stream       bool
	IncludeUsage bool // in a stream: null in every chunk and a last chunk with the counts
}

// body is what both endpoints share on the wire, and what each adds.
type body struct {
	Model               string          `json:"model"`
	Messages            []message       `json:"messages"`
	Prompt              json.RawMessage `json:"prompt"`
	MaxTokens           *int            `json:"max_tokens"`
	MaxCompletionTokens *int            `json:"max_completion_tokens"`
	MinTokens           int             `json:"min_tokens"`
	IgnoreEOS           bool            `json:"ignore_eos"`
	N                   *int            `json:"n"`
	Stream              bool            `json:"stream"`
	StreamOptions       *streamOptions  `json:"stream_options"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// message carries its content as a string or as a list of text parts.
type message struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

type content string

// UnmarshalJSON implements json.Unmarshaler.
func (c *content) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '[' {
		return json.Unmarshal(data, (*string)(c))
	}
	var parts []struct{ Type, Text string }
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	for _, p := range parts {
		if p.Type != "text" {
			return fmt.Errorf("content part of type %q: only text is served", p.Type)
		}
		*c += content(p.Text)
	}
	return nil
}

// defaultCompletionTokens is what /v1/completions makes where the request does not say.
const defaultCompletionTokens = 16

// DecodeRequest reads the body of /v1/chat/completions or /v1/completions for
// a model with this context length that is served under these names.
func DecodeRequest(data []byte, chat bool, served []string, maxModelLen int) (Request, *Error) {
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		return Request{}, badRequest("", "Failed to parse the request body: %v", err)
	}
	switch {
	case b.StreamOptions != nil && !b.Stream:
		return Request{}, badRequest("stream_options", "Stream options can only be defined when `stream=True`.")
	case !slices.Contains(served, b.Model):
		return Request{}, NewError(http.StatusNotFound, "model", fmt.Sprintf("The model `%s` does not exist.", b.Model))
	case b.N != nil && *b.N != 1:
		return Request{}, badRequest("n", "n must be 1, got %d.", *b.N)
	}
	r := Request{
		Chat: chat, Model: b.Model, MinTokens: b.MinTokens, IgnoreEOS: b.IgnoreEOS,
		Stream: b.Stream, IncludeUsage: b.StreamOptions != nil && b.StreamOptions.IncludeUsage,
	}
	var apiErr *Error
	if r.Prompt, apiErr = b.prompt(chat); apiErr != nil {
		return Request{}, apiErr
	}
	if apiErr := r.setLength(b, maxModelLen); apiErr != nil {
		return Request{}, apiErr
	}
	return r, nil
}

func (b body) prompt(chat bool) ([]int64, *Error) {
	if !chat {
		return decodePrompt(b.Prompt)
	}
	if len(b.Messages) == 0 {
		return nil, badRequest("messages", "messages must hold at least one message.")
	}
	return encodeChat(b.Messages)
}

func encodeChat(messages []message) ([]int64, *Error) {
	turns := make([]tokenizer.Message, len(messages))
	for i, m := range messages {
		turns[i] = tokenizer.Message{Role: m.Role, Content: string(m.Content)}
	}
	tokens, err := tokenizer.EncodeChat(turns)
	if err != nil {
		return nil, badRequest("messages", "%v", err)
	}
	return tokens, nil
}

// decodePrompt reads a prompt: a string or an array of token ids, or an array with one of either.
func decodePrompt(raw json.RawMessage) ([]int64, *Error) {
	raw = bytes.TrimSpace(raw)
	if nested(raw) {
		var prompts []json.RawMessage
		if err := json.Unmarshal(raw, &prompts); err != nil {
			return nil, badRequest("prompt", "Failed to parse the prompt: %v", err)
		}
		if len(prompts) > 1 {
			return nil, badRequest("prompt", "prompt holds %d prompts: send a request for each.", len(prompts))
		}
		raw = prompts[0]
	}
	var tokens []int64
	switch {
	case len(raw) > 0 && raw[0] == '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, badRequest("prompt", "Failed to parse the prompt: %v", err)
		}
		tokens = tokenizer.Encode(text)
	case len(raw) > 0 && raw[0] == '[':
		var plain bool
		if tokens, plain = scanIDs(raw); !plain {
			if err := json.Unmarshal(raw, &tokens); err != nil {
				return nil, badRequest("prompt", "prompt must be a string or an array of token ids: %v", err)
			}
		}
		for _, id := range tokens {
			if !tokenizer.Valid(id) {
				return nil, badRequest("prompt", "Token id %d is out of vocabulary", id)
			}
		}
	}
	if len(tokens) == 0 {
		return nil, badRequest("prompt", "prompt must hold at least one token.")
	}
	return tokens, nil
}

// nested reports whether a value is an array whose first element is a string or an array.
func nested(raw []byte) bool {
	if len(raw) == 0 || raw[0] != '[' {
		return false
	}
	inner := bytes.TrimLeft(raw[1:], " \t\r\n")
	return len(inner) > 0 && (inner[0] == '"' || inner[0] == '[')
}

// scanIDs reads an array of whole numbers, and reports whether it is one. It takes a tenth of the time of encoding/json, which would be a
// good part of a first token's at a high speed.
func scanIDs(raw []byte) ([]int64, bool) {
	const most = 1 << 58 // far above any id, and far below overflow
	ids := make([]int64, 0, 1+bytes.Count(raw, []byte(",")))
	id, digits := int64(0), false
	for _, c := range raw[1:] {
		switch {
		case '0' <= c && c <= '9' && id < most:
			id, digits = 10*id+int64(c-'0'), true
		case (c == ',' || c == ']') && digits:
			ids = append(ids, id)
			id, digits = 0, false
		case c == ' ' && !digits:
		default:
			return nil, false
		}
	}
	return ids, true
}

// setLength decides how many tokens to make, as vLLM does.
func (r *Request) setLength(b body, maxModelLen int) *Error {
	limit := b.MaxTokens
	if r.Chat && b.MaxCompletionTokens != nil {
		limit = b.MaxCompletionTokens
	}
	r.MaxTokens = defaultCompletionTokens
	switch {
	case limit != nil:
		r.MaxTokens = *limit
	case r.Chat:
		r.MaxTokens = max(1, maxModelLen-len(r.Prompt))
	}
	switch n, what := len(r.Prompt), "prompt"; {
	case r.MaxTokens < 1:
		return badRequest("max_tokens", "max_tokens must be at least 1, got %d.", r.MaxTokens)
	case r.MinTokens < 0 || r.MinTokens > r.MaxTokens:
		return badRequest("min_tokens", "min_tokens must be between 0 and max_tokens=%d, got %d.", r.MaxTokens, r.MinTokens)
	case n+r.MaxTokens > maxModelLen:
		if r.Chat {
			what = "messages"
		}
		return badRequest(what, "This model's maximum context length is %d tokens. However, you requested %d tokens (%d in the %s, %d in the completion). Please reduce the length of the %s or completion.",
			maxModelLen, n+r.MaxTokens, n, what, r.MaxTokens, what)
	}
	return nil
}

// DecodeTokenize reads the body of /tokenize, a prompt or messages, and
// returns the tokens.
func DecodeTokenize(data []byte) ([]int64, *Error) {
	var b struct {
		Prompt              *string   `json:"prompt"`
		Messages            []message `json:"messages"`
		AddGenerationPrompt *bool     `json:"add_generation_prompt"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, badRequest("", "Failed to parse the request body: %v", err)
	}
	switch {
	case b.Prompt != nil:
		return tokenizer.Encode(*b.Prompt), nil
	case len(b.Messages) == 0:
		return nil, badRequest("prompt", "prompt or messages must be given.")
	}
	tokens, apiErr := encodeChat(b.Messages)
	if apiErr == nil && b.AddGenerationPrompt != nil && !*b.AddGenerationPrompt {
		tokens = tokens[:len(tokens)-tokenizer.TemplateTokens]
	}
	return tokens, apiErr
}

// DecodeDetokenize reads the body of /detokenize and returns the text.
func DecodeDetokenize(data []byte) (string, *Error) {
	var b struct {
		Tokens []int64 `json:"tokens"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return "", badRequest("", "Failed to parse the request body: %v", err)
	}
	text, err := tokenizer.Decode(b.Tokens)
	if err != nil {
		return "", badRequest("tokens", "%v", err)
	}
	return text, nil
}
