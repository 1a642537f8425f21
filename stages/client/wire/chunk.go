// Package wire reads the JSON of OpenAI-compatible servers as far as it is measured. Its invariant: a fast scan and encoding/json stand side
// by side, and what the scan takes it reads as encoding/json would.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Usage is a server's own count of tokens.
type Usage struct {
	PromptTokens     int32
	CompletionTokens int32
	CachedTokens     int32 // of the prompt
	HasCached        bool  // the server says how many
	ReasoningTokens  int32 // of the completion, whether they were streamed or not
}

// Chunk is what one JSON document of a server — an event of a stream, or a whole answer — says.
type Chunk struct {
	Content, Reasoning, Tool int    // bytes of text, by kind
	Unread                   int    // bytes of text that stand where no text is known to stand
	Finish                   string // finish_reason; empty while there is none
	Usage                    Usage
	HasUsage                 bool
	Failed                   bool   // it holds an error object
	Failure                  string // what that says
}

// Bytes returns the bytes of text of all kinds. A chunk that has none is no token: a role, an empty or a null content, a finish or a usage.
func (c *Chunk) Bytes() int { return c.Content + c.Reasoning + c.Tool }

// Kind names the text as the chunks table does: content, tool or reasoning.
func (c *Chunk) Kind() string {
	switch {
	case c.Content > 0:
		return "content"
	case c.Tool > 0:
		return "tool"
	default:
		return "reasoning"
	}
}

// Decode reads one JSON document into c. It is the only place that knows the wire format: a fast scan for the chunks that carry
// tokens, encoding/json for everything the scan is not sure of. Tests hold the two against each other.
func Decode(data []byte, c *Chunk) error {
	*c = Chunk{}
	if decodeFast(data, c) {
		return nil
	}
	*c = Chunk{}
	return decodeJSON(data, c)
}

var errNotObject = errors.New("not a JSON object")

// object is a JSON object whose members are read one by one, so that an unexpected type of one does not lose the others.
type object map[string]json.RawMessage

func decodeJSON(data []byte, c *Chunk) error {
	var top object
	if err := json.Unmarshal(data, &top); err != nil {
		return err
	}
	if top == nil {
		return errNotObject
	}
	if text, ok := failureOf(top); ok {
		c.Failed, c.Failure = true, text
	}
	if raw := top["usage"]; !isNull(raw) {
		if err := decodeUsage(raw, c); err != nil {
			return err
		}
	}
	if raw := top["choices"]; !isNull(raw) {
		var choices []object
		if err := json.Unmarshal(raw, &choices); err != nil {
			return fmt.Errorf("choices: %w", err)
		}
		for _, choice := range choices {
			if err := decodeChoice(choice, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeChoice(choice object, c *Chunk) error {
	c.Content += textBytes(choice["text"])
	if finish := text(choice["finish_reason"]); finish != "" {
		c.Finish = finish
	}
	for _, name := range []string{"delta", "message"} { // of a stream, of a whole answer
		raw := choice[name]
		if isNull(raw) {
			continue
		}
		var delta object
		if err := json.Unmarshal(raw, &delta); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := decodeDelta(delta, c); err != nil {
			return err
		}
	}
	return nil
}

func decodeDelta(delta object, c *Chunk) error {
	said := partsOf(delta["content"])
	thought := 0
	for name, raw := range delta {
		switch {
		case isReasoning(name): // servers that changed the name send the same text under both for a while
			p := partsOf(raw)
			thought = max(thought, p.content+p.reasoning)
		case !isKnown(name):
			c.Unread += stringBytes(raw)
		}
	}
	c.Content += said.content + textBytes(delta["refusal"])
	c.Reasoning += max(thought, said.reasoning)
	c.Unread += said.unread
	c.Tool += callBytes(delta["function_call"])
	var calls []object
	if raw := delta["tool_calls"]; !isNull(raw) {
		if err := json.Unmarshal(raw, &calls); err != nil {
			return fmt.Errorf("tool_calls: %w", err)
		}
	}
	for _, call := range calls {
		c.Tool += callBytes(call["function"])
	}
	return nil
}

func decodeUsage(raw json.RawMessage, c *Chunk) error {
	var usage, details, spent object
	if err := json.Unmarshal(raw, &usage); err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	err := errors.Join(
		member(usage, "prompt_tokens_details", &details), member(usage, "completion_tokens_details", &spent))
	if err != nil {
		return err
	}
	c.HasUsage, c.Usage.HasCached = true, !isNull(details["cached_tokens"])
	return errors.Join(
		member(usage, "prompt_tokens", &c.Usage.PromptTokens), member(usage, "completion_tokens", &c.Usage.CompletionTokens),
		member(details, "cached_tokens", &c.Usage.CachedTokens),
		member(usage, "reasoning_tokens", &c.Usage.ReasoningTokens),
		member(spent, "reasoning_tokens", &c.Usage.ReasoningTokens))
}

// member reads a member of a usage, if it is there.
func member(from object, name string, into any) error {
	if isNull(from[name]) {
		return nil
	}
	if err := json.Unmarshal(from[name], into); err != nil {
		return fmt.Errorf("usage: %s: %w", name, err)
	}
	return nil
}

// failureOf returns the text of the error object that top holds or is.
func failureOf(top object) (string, bool) {
	if raw := top["error"]; !isNull(raw) {
		return MessageOf(raw), true
	}
	if text(top["object"]) == "error" {
		return text(top["message"]), true
	}
	return "", false
}

// MessageOf returns what an error value says: its message if it is an object that has one, the string that it is, or its JSON.
func MessageOf(raw json.RawMessage) string {
	var fields object
	if json.Unmarshal(raw, &fields) == nil {
		if message := text(fields["message"]); message != "" {
			return message
		}
	}
	if said := text(raw); said != "" {
		return said
	}
	return string(raw)
}

// Refusal returns what the body of a refusal says: OpenAI's error object, other servers' detail or message, or the text that it is.
func Refusal(body []byte) string {
	var top object
	if json.Unmarshal(body, &top) != nil || top == nil {
		return string(body)
	}
	if said, ok := failureOf(top); ok {
		return said
	}
	for _, name := range []string{"message", "detail"} {
		if said := text(top[name]); said != "" {
			return said
		}
	}
	return string(body)
}

// callBytes returns the bytes of text in a function call's name and arguments.
func callBytes(raw json.RawMessage) int {
	var call object
	if isNull(raw) || json.Unmarshal(raw, &call) != nil {
		return 0
	}
	return textBytes(call["name"]) + textBytes(call["arguments"])
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// text returns the string that raw is, and "" for everything else.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func textBytes(raw json.RawMessage) int { return len(text(raw)) }
