package client

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

const (
	aToken  = `data: {"choices":[{"delta":{"content":"a"}}]}` + "\n\n"
	aFinish = `data: {"choices":[{"delta":{},"finish_reason":"length"}]}` + "\n\n"
	aUsage  = `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}` + "\n\n"
	theEnd  = "data: [DONE]\n\n"
)

// What the captures do not hold: each line of the table in outcome, and the forms of answers that other servers give.
func TestOutcomes(t *testing.T) {
	sse := func(body string) [][]byte { return [][]byte{stream(body)} }
	ok := reading{"ok", 200, "length", 2, "usage", 7, -1, 2, 2, ""}
	for _, test := range []struct {
		name   string
		writes [][]byte
		want   reading
	}{
		{"usage last", sse(aToken + aToken + aFinish + aUsage + theEnd), ok},
		{"usage before the finish", sse(aToken + aToken + aUsage + aFinish + theEnd), ok},
		{"no [DONE]", sse(aToken + aToken + aFinish + aUsage), ok},
		{"no empty line at the end", sse(aToken + aToken + aFinish + strings.TrimSuffix(aUsage, "\n\n")), ok},
		{"comments between", sse(": hello\n\n" + aToken + ": ping\n\n" + aToken + aFinish + aUsage + theEnd), ok},
		{
			"usage that counts along", sse(`data: {"choices":[{"text":"a"}],"usage":{"prompt_tokens":7,"completion_tokens":1}}` + "\n\n" +
				`data: {"choices":[{"text":"a","finish_reason":"length"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}` + "\n\n"), ok,
		},
		{
			"SGLang's forms", sse(`data: {"id":"x","object":"chat.completion.chunk","model":"llm","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null,"tool_calls":null},"logprobs":null,"finish_reason":null,"matched_stop":null}],"usage":null}` + "\n\n" +
				`data: {"id":"x","choices":[{"index":0,"delta":{"role":null,"content":null,"reasoning_content":"h","tool_calls":null},"logprobs":null,"finish_reason":null,"matched_stop":null}],"usage":null}` + "\n\n" +
				`data: {"id":"x","choices":[{"index":0,"delta":{"role":null,"content":"a","reasoning_content":null,"tool_calls":null},"logprobs":null,"finish_reason":null,"matched_stop":null}],"usage":null}` + "\n\n" +
				`data: {"id":"x","choices":[{"index":0,"delta":{"role":null,"content":null,"reasoning_content":null,"tool_calls":null},"logprobs":null,"finish_reason":"length","matched_stop":null}],"usage":null}` + "\n\n" +
				`data: {"id":"x","choices":[],"usage":{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2,"prompt_tokens_details":null,"reasoning_tokens":1}}` + "\n\n" + theEnd), ok,
		},
		{
			"llama.cpp's forms", sse(`data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"model":"llm","prompt_progress":{"total":7,"cache":0,"processed":7,"time_ms":1}}` + "\n\n" +
				`data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"a"}}],"timings":{"predicted_n":1,"predicted_ms":0.5}}` + "\n\n" +
				`data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"a"}}],"timings":{"predicted_n":2,"predicted_ms":1.5}}` + "\n\n" +
				`data: {"choices":[{"finish_reason":"length","index":0,"delta":{}}]}` + "\n\n" +
				`data: {"choices":[],"usage":{"completion_tokens":2,"prompt_tokens":7,"total_tokens":9},"timings":{"cache_n":0,"prompt_n":7,"predicted_n":2}}` + "\n\n" + theEnd), ok,
		},
		{"no usage", sse(aToken + aFinish + theEnd), reading{"ok", 200, "length", 1, "chunks", -1, -1, 1, 1, ""}},
		{
			"tokens without text", sse(aFinish + aUsage + theEnd),
			reading{"ok", 200, "length", 2, "usage", 7, -1, 0, 0, ""},
		},
		{
			"error object at once", sse(`data: {"error":{"message":"no memory"}}` + "\n\n"),
			reading{"stream_error", 200, "", -1, "none", -1, -1, 0, 0, "no memory"},
		},
		{
			"error object behind tokens, and [DONE]", sse(aToken + `data: {"error":{"message":"no memory"}}` + "\n\n" + theEnd),
			reading{"stream_error", 200, "", 1, "chunks", -1, -1, 1, 1, "no memory"},
		},
		{
			"event named error", sse(aToken + "event: error\ndata: engine died\n\n"),
			reading{"stream_error", 200, "", 1, "chunks", -1, -1, 1, 1, "engine died"},
		},
		{
			"error object in place of a stream",
			[][]byte{[]byte("HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n" + `{"error":{"message":"overloaded"}}`)},
			reading{"stream_error", 200, "", -1, "none", -1, -1, 0, 0, "overloaded"},
		},
		{
			"not JSON", sse("data: oops\n\n"),
			reading{"stream_error", 200, "", -1, "none", -1, -1, 0, 0, `cannot read the stream: event "oops": invalid character 'o' looking for beginning of value`},
		},
		{
			"finish_reason abort", sse(aToken + `data: {"choices":[{"text":"","finish_reason":"abort"}]}` + "\n\n" + theEnd),
			reading{"stream_error", 200, "abort", 1, "chunks", -1, -1, 1, 1, "finish_reason abort"},
		},
		{
			"no finish_reason", sse(aToken + aUsage + theEnd),
			reading{"truncated", 200, "", 2, "usage", 7, -1, 1, 1, "the stream ended after 1 chunk without a finish_reason"},
		},
		{
			"broken behind the finish_reason",
			[][]byte{[]byte("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + aToken + aFinish)},
			reading{"truncated", 200, "length", 1, "chunks", -1, -1, 1, 1, "the connection broke after 1 chunk: unexpected EOF"},
		},
		{"only [DONE]", sse(theEnd), reading{"empty", 200, "", -1, "none", -1, -1, 0, 0, "the stream holds no token"}},
		{
			"only a finish", sse(aFinish + theEnd),
			reading{"empty", 200, "length", -1, "none", -1, -1, 0, 0, "the stream holds no token"},
		},
		{
			"another language",
			[][]byte{[]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>hi</p>")},
			reading{"empty", 200, "", -1, "none", -1, -1, 0, 0, "the answer (text/html) holds no event"},
		},
		{
			"compressed",
			[][]byte{[]byte("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b")},
			reading{"stream_error", 200, "", -1, "none", -1, -1, 0, 0, "the answer is compressed (gzip) though identity was asked for"},
		},
		{
			"no HTTP",
			[][]byte{[]byte("SSH-2.0-x\r\n")},
			reading{"http_error", 0, "", -1, "none", -1, -1, 0, 0, `malformed HTTP response "SSH-2.0-x"`},
		},
		{"closed at once", [][]byte{}, reading{"http_error", 0, "", -1, "none", -1, -1, 0, 0, "EOF"}},
		{
			"redirect",
			[][]byte{[]byte("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")},
			reading{"http_error", 307, "", -1, "none", -1, -1, 0, 0, "HTTP 307"},
		},
		{
			"FastAPI's detail",
			[][]byte{[]byte("HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 22\r\n\r\n" + `{"detail":"bad\nbody"}`)},
			reading{"http_error", 422, "", -1, "none", -1, -1, 0, 0, "HTTP 422: bad body"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newReplay(t, once(test.writes...))
			for carrier, c := range carriers(t, server.URL) {
				got := complete(t, c, hello)
				got.Error = strings.TrimPrefix(got.Error, "net/http: HTTP/1.x transport connection broken: ")
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s: row (-want +got):\n%s", carrier, diff)
				}
			}
		})
	}
}

func TestKindsOfDelta(t *testing.T) {
	server := newReplay(t, once(stream(
		`data: {"choices":[{"delta":{"role":"assistant","content":""}}]}`+"\n\n"+
			`data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}`+"\n\n"+
			`data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}`+"\n\n"+
			aToken+aFinish+theEnd)))
	c := newClient(t, server.URL)
	call, err := c.Encode(hello)
	if err != nil {
		t.Fatal(err)
	}
	row, chunks := c.Send(context.Background(), call, c.clock.NowNS(), nil)
	var kinds []string
	for _, chunk := range chunks {
		kinds = append(kinds, fmt.Sprint(chunk.Kind, chunk.Bytes))
	}
	if diff := cmp.Diff([]string{"reasoning2", "tool3", "content1"}, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if *row.TFirstToken != chunks[0].T || *row.TFirstAnswer != chunks[1].T || *row.TFirstEvent > chunks[0].T {
		t.Errorf("first event %d, token %d, answer %d; chunks %v", *row.TFirstEvent, *row.TFirstToken, *row.TFirstAnswer, chunks)
	}
}

func TestTokensOfChunks(t *testing.T) {
	counted := func(n int) string {
		return fmt.Sprintf(`data: {"choices":[{"text":"ab"}],"usage":{"prompt_tokens":7,"completion_tokens":%d}}`+"\n\n", n)
	}
	for _, test := range []struct {
		name, body string
		want       []int32
	}{
		{"counted along", counted(1) + counted(4) + counted(5) + aFinish, []int32{1, 3, 1}},
		{"counted at the end", aToken + aToken + aFinish + aUsage, []int32{0, 0}},
		{"counted on the last token only", aToken + counted(9) + aFinish, []int32{0, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, newReplay(t, once(stream(test.body))).URL)
			call, err := c.Encode(hello)
			if err != nil {
				t.Fatal(err)
			}
			_, chunks := c.Send(context.Background(), call, 0, nil)
			var got []int32
			for _, chunk := range chunks {
				got = append(got, chunk.Tokens)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	const timeout = 5 * time.Second // of a server whose seconds pass a hundred times as fast
	for name, writes := range map[string][][]byte{
		"before the answer": {hold},
		"within the answer": {[]byte("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + aToken), hold},
	} {
		t.Run(name, func(t *testing.T) {
			server := newReplay(t, once(writes...))
			c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL, Clock: stage.ServerClock{Speed: 100}}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			r := hello
			r.Timeout = timeout
			row := c.Complete(context.Background(), r)
			if row.Status != "timeout" || row.Error != errTimeout.Error() {
				t.Errorf("status %s (%s)", row.Status, row.Error)
			}
			if took := time.Duration(row.TDone - row.TSched); took < timeout {
				t.Errorf("gave up after %v of the server's time, want %v", took, timeout)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	server := newReplay(t, once([]byte("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"+aToken), hold))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-server.requests
		cancel()
	}()
	row := newClient(t, server.URL).Complete(ctx, hello)
	if row.Status != "cancelled" || row.Error != "the load was stopped" {
		t.Errorf("status %s (%s)", row.Status, row.Error)
	}
}

// A server that has said [DONE] and holds the body open has answered.
func TestHeldOpenBehindDone(t *testing.T) {
	server := newReplay(t, once([]byte("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"+aToken+aFinish+theEnd), hold))
	row := newClient(t, server.URL).Complete(context.Background(), hello)
	if row.Status != "ok" {
		t.Errorf("status %s (%s)", row.Status, row.Error)
	}
	if tail := time.Duration(row.TDone - *row.TLastToken); tail >= lingerAfterDone {
		t.Errorf("the wait for the end, %v, is in the row", tail)
	}
}
