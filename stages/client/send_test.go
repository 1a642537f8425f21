package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
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
			reading{"truncated", 200, "", 2, "usage", 7, -1, 1, 1, "the stream ended after 1 chunks without a finish_reason"},
		},
		{
			"broken behind the finish_reason",
			[][]byte{[]byte("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + aToken + aFinish)},
			reading{"truncated", 200, "length", 1, "chunks", -1, -1, 1, 1, "the connection broke after 1 chunks: unexpected EOF"},
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
			reading{"http_error", 0, "", -1, "none", -1, -1, 0, 0, `net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-x"`},
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
			if diff := cmp.Diff(test.want, complete(t, newClient(t, server.URL), hello)); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
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

func TestConnections(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	c := newClient(t, newReplay(t, [][][]byte{answer, answer, answer}).URL)
	if err := c.Warm(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		row := c.Complete(context.Background(), hello)
		if row.Status != "ok" || row.NewConnection != (i == 0) || row.StaleRetries != 0 || row.Protocol != "HTTP/1.1" {
			t.Errorf("request %d: %+v", i, row)
		}
	}
	if live := c.Live(); live != (Live{InFlight: 0, Deltas: 3, Connections: 1}) {
		t.Errorf("live: %+v", live)
	}
}

// A kept connection that was closed under the request is no answer: the request goes out again and its clock starts again.
func TestStaleConnection(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	server := newReplay(t, [][][]byte{answer, {}}, [][][]byte{answer})
	var readings int64
	ticks := func() time.Time { // each look at the clock finds it a second on
		readings++
		return time.Unix(readings, 0)
	}
	c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL}, Clock: stage.NewClock(ticks, stage.ServerClock{})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if row := c.Complete(context.Background(), hello); row.Status != "ok" || row.StaleRetries != 0 {
		t.Fatalf("first request: %+v", row)
	}
	row := c.Complete(context.Background(), hello)
	if row.Status != "ok" || row.StaleRetries != 1 || !row.NewConnection {
		t.Errorf("second request: %+v", row)
	}
	if waited := time.Duration(row.TSend - row.TSched); waited != 4*time.Second {
		t.Errorf("t_send is %v behind t_sched: want the reading of the second try's connection, the fourth since", waited)
	}
}

// The last try is on a fresh connection, and that it is closed there is the server's doing.
func TestClosedOnAFreshConnection(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	c := newClient(t, newReplay(t, [][][]byte{answer, {}}, once()).URL)
	c.Complete(context.Background(), hello)
	row := c.Complete(context.Background(), hello)
	if row.Status != "http_error" || row.StaleRetries != 1 || row.Error != "EOF" {
		t.Errorf("row: %+v", row)
	}
}

// llama.cpp announces that it keeps connections and closes them: whether a request finds out in time is a race, and must not matter.
func TestServerThatClosesBehindEachAnswer(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	c := newClient(t, server.URL)
	if err := c.Warm(context.Background(), 4); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				if row := c.Complete(context.Background(), hello); row.Status != "ok" {
					t.Errorf("status %s (%s) after %d stale retries", row.Status, row.Error, row.StaleRetries)
				}
			}
		})
	}
	wg.Wait()
}

func TestRequestOnTheWire(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	c, err := New(Config{
		Endpoint: stage.Endpoint{URL: server.URL + "/v1/", Model: "run-alias", APIKeyEnv: "KEY", Headers: map[string]string{"X-Proxy": "yes"}},
		Getenv:   func(name string) string { return map[string]string{"KEY": "sk-secret-1"}[name] },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	seed := int64(7)
	for _, test := range []struct {
		name, path, body string
		r                Request
	}{
		{
			"chat", "/v1/chat/completions",
			`{"max_tokens":48,"messages":[{"role":"user","content":"Say hello"}],"model":"run-alias","stream":true,"stream_options":{"include_usage":true},"temperature":0}`,
			hello,
		},
		{
			"token ids and exact length", "/v1/completions",
			`{"ignore_eos":true,"max_tokens":16,"min_tokens":16,"model":"run-alias","prompt":[5,4000000000],"seed":7,"stream":true,"stream_options":{"include_usage":true},"temperature":0.5}`,
			Request{Prompt: Prompt{IDs: []int64{5, 4_000_000_000}}, OSL: 16, IgnoreEOS: true, Temperature: .5, Seed: &seed, ID: "r-1"},
		},
		{
			"extra body", "/v1/completions",
			`{"ignore_eos":true,"max_tokens":16,"model":"run-alias","prompt":"a","stream":true,"stream_options":{"continuous_usage_stats":true},"temperature":0,"top_k":1}`,
			Request{API: Completions, Prompt: Prompt{Text: "a"}, OSL: 16, IgnoreEOS: true, ID: "r-1", ExtraBody: json.RawMessage(
				`{"top_k":1,"min_tokens":null,"stream_options":{"continuous_usage_stats":true}}`)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if row := c.Complete(context.Background(), test.r); row.Status != "ok" {
				t.Fatalf("status %s (%s)", row.Status, row.Error)
			}
			req := <-server.requests
			if diff := cmp.Diff(test.body, req.body); diff != "" || req.URL.Path != test.path || req.Method != http.MethodPost {
				t.Errorf("%s %s (-want +got):\n%s", req.Method, req.URL.Path, diff)
			}
			for name, want := range map[string]string{
				"Authorization": "Bearer sk-secret-1", "X-Proxy": "yes", "X-Request-Id": "r-1",
				"Accept-Encoding": "identity", "Content-Type": "application/json",
			} {
				if got := req.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1")
	for want, r := range map[string]Request{
		"encode request: chat takes text, not token ids":            {API: Chat, Prompt: Prompt{IDs: []int64{1}}},
		`encode request: api "embed": want "chat" or "completions"`: {API: "embed"},
		"encode request: extra body: stream is set by the workload: leave it out (it may not set messages, model, n, prompt, stream)": {
			ExtraBody: json.RawMessage(`{"stream":false}`),
		},
		"encode request: extra body: want a JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage": {
			ExtraBody: json.RawMessage(`[]`),
		},
	} {
		if row := c.Complete(context.Background(), r); row.Status != "http_error" || row.Error != want {
			t.Errorf("status %s: %s, want %s", row.Status, row.Error, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, cfg := range map[string]Config{
		`endpoint url "": want http:// or https:// and a host`:               {},
		`endpoint url "localhost:8000": want http:// or https:// and a host`: {Endpoint: stage.Endpoint{URL: "localhost:8000"}},
		"endpoint url: holds a user or password: name the variable that holds the key in api_key_env instead": {
			Endpoint: stage.Endpoint{URL: "http://me:secret@host"},
		},
		`endpoint url "http://host?key=1": want no query or fragment`: {Endpoint: stage.Endpoint{URL: "http://host?key=1"}},
		"environment variable KEY is empty: set it to the endpoint's API key": {
			Endpoint: stage.Endpoint{URL: "http://host", APIKeyEnv: "KEY"},
		},
		`max tokens field "tokens": want max_tokens or max_completion_tokens`: {
			Endpoint: stage.Endpoint{URL: "http://host"}, MaxTokensField: "tokens",
		},
	} {
		if _, err := New(cfg); err == nil || err.Error() != want {
			t.Errorf("New: %v, want %s", err, want)
		}
	}
}

// Servers repeat what they were sent; a row is no place for a key.
func TestErrorsHoldNoSecrets(t *testing.T) {
	said := strings.Repeat("no\n\tkey ", 3) + "sk-secret-1 or modal-secret: " + strings.Repeat("é", 400)
	server := newReplay(t, once(fmt.Appendf(nil, "HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\n%s", len(said), said)))
	c, err := New(Config{
		Endpoint: stage.Endpoint{URL: server.URL, APIKeyEnv: "KEY", Headers: map[string]string{"Modal-Secret": "modal-secret"}},
		Getenv:   func(string) string { return "sk-secret-1" },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	got := c.Complete(context.Background(), hello).Error
	if want := "HTTP 401: no key no key no key (sensitive) or (sensitive): éé"; !strings.HasPrefix(got, want) || len(got) > excerptBytes || !strings.HasSuffix(got, "é…") {
		t.Errorf("error of %d bytes: %s", len(got), got)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	before := runtime.NumGoroutine()
	c := newClient(t, server.URL)
	if err := c.Warm(context.Background(), 8); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.Complete(context.Background(), hello)
	}
	c.Close()
	server.ln.Close()
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}
