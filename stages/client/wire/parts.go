package wire

import (
	"encoding/json"
	"slices"
	"strings"
)

// isReasoning reports whether a delta's member of this name is what a model thinks before it answers. vLLM,
// SGLang and DeepSeek say reasoning_content, vLLM from 0.12 on, Ollama and OpenRouter say reasoning, and
// gateways have further names.
func isReasoning(name string) bool {
	switch name {
	case "reasoning_content", "reasoning", "reasoning_text", "reasoning_details",
		"thinking", "thinking_content", "thinking_blocks", "thought", "thoughts":
		return true
	}
	return false
}

// isKnown reports whether a delta's member of this name is read, or holds no text of the answer.
func isKnown(name string) bool {
	switch name {
	case "content", "refusal", "tool_calls", "function_call", // they are read
		"role", "name", "id", "index", "type", "object", "annotations", "citations", "audio", "images", "logprobs",
		"token_ids", "prompt_token_ids", "provider_specific_fields", "matched_stop", "stop_reason",
		"finish_reason", "signature", "obfuscation":
		return true
	}
	return isReasoning(name)
}

// parts is the bytes of text in a content, by what they are.
type parts struct{ content, reasoning, unread int }

// deepestPart bounds how deeply parts may stand in each other.
const deepestPart = 4

// partsOf reads a content: a string, or a list of typed parts such as {"type": "text", "text": …} and
// {"type": "thinking", "thinking": [{"type": "text", "text": …}]}.
func partsOf(raw json.RawMessage) parts { return partsWithin(raw, false, 0) }

func partsWithin(raw json.RawMessage, thinking bool, depth int) (p parts) {
	var list []json.RawMessage
	var part object
	switch {
	case isNull(raw) || depth > deepestPart:
	case raw[0] == '"':
		p.add(textBytes(raw), thinking)
	case raw[0] == '[' && json.Unmarshal(raw, &list) == nil:
		for _, one := range list {
			p.join(partsWithin(one, thinking, depth+1))
		}
	case raw[0] == '{' && json.Unmarshal(raw, &part) == nil:
		p = part.text(thinking, depth)
	}
	return p
}

// text reads one part: under the name of its text, which most often is that of its type.
func (o object) text(thinking bool, depth int) (p parts) {
	kind := text(o["type"])
	thinking = thinking || contains(kind, "think", "reason", "thought")
	for name, raw := range o {
		switch {
		case name == "text" || name == "content" || name == "refusal" || name == "summary" || name == "output_text":
			p.join(partsWithin(raw, thinking, depth+1))
		case isReasoning(name):
			p.join(partsWithin(raw, true, depth+1))
		}
	}
	if p == (parts{}) && !wordless(kind) {
		p.unread = o.unread()
	}
	return p
}

// wordless reports whether a part of this type holds no text of the answer.
func wordless(kind string) bool {
	return contains(kind, "image", "audio", "video", "file", "encrypted", "redacted", "signature", "reference",
		"citation", "tool")
}

// contains reports whether a text contains one of these words.
func contains(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

// unread is the bytes of the strings in a part that has no text under a known name.
func (o object) unread() (n int) {
	for name, raw := range o {
		if !isKnown(name) {
			n += stringBytes(raw)
		}
	}
	return n
}

func (p *parts) add(bytes int, thinking bool) {
	if thinking {
		p.reasoning += bytes
	} else {
		p.content += bytes
	}
}

func (p *parts) join(other parts) {
	p.content, p.reasoning, p.unread = p.content+other.content, p.reasoning+other.reasoning, p.unread+other.unread
}

// stringBytes is the bytes of text in a string, or in the strings of a list of strings or of parts.
func stringBytes(raw json.RawMessage) int {
	var list []json.RawMessage
	switch {
	case isNull(raw):
		return 0
	case raw[0] == '"':
		return textBytes(raw)
	case raw[0] != '[' && raw[0] != '{':
		return 0
	case json.Unmarshal(raw, &list) != nil:
		list = []json.RawMessage{raw}
	}
	n := 0
	for _, one := range list {
		p := partsWithin(one, false, 0)
		n += p.content + p.reasoning + p.unread
	}
	return n
}
