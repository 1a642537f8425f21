package nullserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"strings"
	"time"
)

// form is the bytes of one API's answers, each event an HTTP chunk of its own, as servers send them.
type form struct{ head, token, finish []byte }

const pourBytes = 32 << 10 // tokens in one write, where nothing paces them

func newForm(object, delta string) *form {
	event := func(choice string) []byte {
		return chunk(fmt.Sprintf(`data: {"id":"cmpl-0123456789abcdef","object":"%s","created":1795429793,"model":"null","choices":[{"index":0,%s}]}`+"\n\n", object, choice))
	}
	return &form{
		head:   []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"),
		token:  event(delta + `,"logprobs":null,"finish_reason":null`),
		finish: event(`"delta":{},"logprobs":null,"finish_reason":"length"`),
	}
}

// The forms are never written to.
var (
	completions = newForm("text_completion", `"text":" token"`)
	chat        = newForm("chat.completion.chunk", `"delta":{"content":" token"}`)
)

func formOf(path string) *form {
	if path == "/v1/completions" {
		return completions
	}
	return chat
}

func chunk(text string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(text), text) }

// script is one answer.
type script struct {
	head, token []byte
	tokens      int
	tail        []byte // with the last token; empty where a fault takes its place
}

func (f *form) script(tokens, promptTokens int) script {
	tokens = max(tokens, 1)
	usage := chunk(fmt.Sprintf(`data: {"id":"cmpl-0123456789abcdef","choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}`+"\n\n",
		promptTokens, tokens, promptTokens+tokens))
	return script{head: f.head, token: f.token, tokens: tokens, tail: bytes.Join([][]byte{f.finish, usage, chunk("data: [DONE]\n\n"), []byte("0\r\n\r\n")}, nil)}
}

// cut has the answer end in a fault behind so many tokens: behind none, nothing is answered at all.
func (s *script) cut(fault Fault, after int) {
	s.tokens, s.tail = min(s.tokens, after), nil
	switch {
	case fault == Break:
		s.tail = append(chunk(`data: {"error":{"message":"broken as ordered"}}`+"\n\n"), "0\r\n\r\n"...)
	case after == 0:
		s.head = nil
	}
}

// write returns the bytes of the n-th write of a paced answer, and whether it is the last.
func (s *script) write(n int) (b []byte, last bool) {
	last = n+1 >= s.tokens
	if n > 0 && !last {
		return s.token, false
	}
	if n == 0 {
		b = append(b, s.head...)
	}
	if s.tokens > 0 {
		b = append(b, s.token...)
	}
	if last {
		b = append(b, s.tail...)
	}
	return b, last
}

// pour writes the answer as fast as the connection takes it, many tokens at a time.
func (s *script) pour(conn net.Conn, stamped bool, record *Record) error {
	many := max(1, pourBytes/len(s.token))
	block := bytes.Repeat(s.token, min(many, s.tokens))
	buffers := net.Buffers{s.head}
	for left := s.tokens; ; left -= many {
		n := max(0, min(many, left))
		buffers = append(buffers, block[:n*len(s.token)])
		if left <= many {
			buffers = append(buffers, s.tail)
		}
		if stamped {
			now := time.Now().UnixNano()
			for range n {
				record.Writes = append(record.Writes, now)
			}
		}
		if _, err := buffers.WriteTo(conn); err != nil || left <= many {
			return err
		}
	}
}

// whole is an answer in one piece, of either API.
func whole(tokens, promptTokens int) []byte {
	text := strings.Repeat(" token", tokens)
	return fmt.Appendf(nil, `{"id":"cmpl-0123456789abcdef","model":"null","choices":[{"index":0,"text":"%s","message":{"role":"assistant","content":"%s"},"finish_reason":"length"}],`+
		`"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}`, text, text, promptTokens, tokens, promptTokens+tokens)
}

// document answers with one JSON document.
func document(conn net.Conn, code int, body []byte) error {
	_, err := fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", code, http.StatusText(code), len(body), body)
	return err
}

// tokenize answers with an id for each word of a text, the same for the same word.
func tokenize(conn net.Conn, body []byte) error {
	var ask struct {
		Prompt string `json:"prompt"`
	}
	if err := json.Unmarshal(body, &ask); err != nil {
		return document(conn, http.StatusBadRequest, []byte(`{"error":{"message":"not JSON"}}`))
	}
	answer := struct {
		Tokens []uint32 `json:"tokens"`
	}{[]uint32{}}
	for word := range strings.FieldsSeq(ask.Prompt) {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(word))
		answer.Tokens = append(answer.Tokens, hash.Sum32())
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return document(conn, http.StatusOK, text)
}

// promptTokens counts the ids of a prompt, or the words of a text.
func promptTokens(prompt json.RawMessage) int {
	if len(prompt) > 0 && prompt[0] == '[' {
		return bytes.Count(prompt, []byte(",")) + 1
	}
	return len(bytes.Fields(prompt))
}
