package openai

import (
	"encoding/json"
	"strconv"
)

// Usage counts tokens.
type Usage struct {
	PromptTokens, CompletionTokens, CachedTokens int
}

func (u Usage) append(dst []byte) []byte {
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, int64(u.PromptTokens), 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, int64(u.CompletionTokens), 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(u.PromptTokens+u.CompletionTokens), 10)
	dst = append(dst, `,"prompt_tokens_details":{"cached_tokens":`...)
	dst = strconv.AppendInt(dst, int64(u.CachedTokens), 10)
	return append(dst, `}}`...)
}

// Done ends every stream.
const Done = "data: [DONE]\n\n"

// Answer prints one request's answer. What does not change from chunk to
// chunk is printed once; appending a chunk allocates nothing.
type Answer struct {
	chat bool
	id   string
	head []byte // of a whole answer: up to and including the comma before "usage"
	next []byte // of a chunk: up to and including the choice's index
	last []byte // of the usage chunk: up to its counts
}

// NewAnswer returns the printer of an answer. The id is given without its
// prefix; created is in unix seconds.
func NewAnswer(r Request, id string, created int64) *Answer {
	kind, chunk, prefix := "text_completion", "text_completion", "cmpl-"
	if r.Chat {
		kind, chunk, prefix = "chat.completion", "chat.completion.chunk", "chatcmpl-"
	}
	a := &Answer{chat: r.Chat, id: prefix + id}
	common := func(object string) []byte {
		dst := append([]byte(`{"id":`), quote(a.id)...)
		dst = append(append(dst, `,"model":`...), quote(r.Model)...)
		dst = append(append(dst, `,"object":`...), quote(object)...)
		return append(strconv.AppendInt(append(dst, `,"created":`...), created, 10), ',')
	}
	a.head = common(kind)
	event := append([]byte("data: "), common(chunk)...)
	a.last = append(append(a.last, event...), `"usage":`...)
	if r.IncludeUsage {
		event = append(event, `"usage":null,`...)
	}
	a.next = append(event, `"choices":[{"index":0,`...)
	return a
}

func quote(s string) []byte {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string
	}
	return data
}

// ID is the answer's id, prefix included.
func (a *Answer) ID() string { return a.id }

// AppendRole appends the first chunk of a chat, which carries only the role;
// a text completion has none.
func (a *Answer) AppendRole(dst []byte) []byte {
	if !a.chat {
		return dst
	}
	dst = append(dst, a.next...)
	return append(dst, `"finish_reason":null,"delta":{"role":"assistant","content":""}}]}`+"\n\n"...)
}

// AppendText appends a chunk; the text must need no escaping in JSON.
func (a *Answer) AppendText(dst, text []byte) []byte {
	dst = append(dst, a.next...)
	if a.chat {
		dst = append(dst, `"finish_reason":null,"delta":{"content":"`...)
		return append(append(dst, text...), `"}}]}`+"\n\n"...)
	}
	dst = append(dst, `"finish_reason":null,"text":"`...)
	return append(append(dst, text...), `"}]}`+"\n\n"...)
}

// AppendFinish appends the chunk that says why the text ends: "length" or "stop".
func (a *Answer) AppendFinish(dst []byte, reason string) []byte {
	dst = append(append(dst, a.next...), `"finish_reason":"`...)
	dst = append(dst, reason...)
	if a.chat {
		return append(dst, `","delta":{}}]}`+"\n\n"...)
	}
	return append(dst, `","text":""}]}`+"\n\n"...)
}

// AppendUsage appends the chunk with the counts and without choices.
func (a *Answer) AppendUsage(dst []byte, u Usage) []byte {
	dst = u.append(append(dst, a.last...))
	return append(dst, `,"choices":[]}`+"\n\n"...)
}

// AppendError appends an error inside the stream, and the end that vLLM sends
// after it all the same.
func (a *Answer) AppendError(dst []byte, e *Error) []byte {
	dst = append(append(dst, "data: "...), e.JSON()...)
	return append(dst, "\n\n"+Done...)
}

// AppendWhole appends the answer of a request that does not stream; the text
// must need no escaping in JSON.
func (a *Answer) AppendWhole(dst, text []byte, reason string, u Usage) []byte {
	dst = append(append(dst, a.head...), `"usage":`...)
	dst = append(u.append(dst), `,"choices":[{"index":0,"finish_reason":"`...)
	dst = append(append(dst, reason...), '"')
	if a.chat {
		dst = append(dst, `,"message":{"role":"assistant","content":"`...)
		return append(append(dst, text...), `"}}]}`...)
	}
	dst = append(dst, `,"text":"`...)
	return append(append(dst, text...), `"}]}`...)
}
