package openai_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/openai"
)

func TestDecodeRequest(t *testing.T) {
	type want struct {
		Prompt, MaxTokens, MinTokens int
		IgnoreEOS, Stream, Usage     bool
	}
	for _, c := range []struct {
		name string
		chat bool
		body string
		want want
	}{
		{"chat", true, `{"messages":[{"role":"user","content":"a b"}],"max_tokens":7,"min_tokens":3,"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true}}`, want{7, 7, 3, true, true, true}},
		{"chat fills the context", true, `{"messages":[{"role":"user","content":"a b"}]}`, want{7, 93, 0, false, false, false}},
		{"the newer name wins", true, `{"messages":[{"role":"user","content":"a"}],"max_tokens":7,"max_completion_tokens":8}`, want{6, 8, 0, false, false, false}},
		{"parts", true, `{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":" b"}]}]}`, want{7, 93, 0, false, false, false}},
		{"no content", true, `{"messages":[{"role":"assistant","content":null}]}`, want{5, 95, 0, false, false, false}},
		{"text", false, `{"prompt":"a b"}`, want{2, 16, 0, false, false, false}},
		{"ids", false, `{"prompt":[1,2,3],"max_tokens":97,"stop":["x"],"n":1}`, want{3, 97, 0, false, false, false}},
		{"one text in a list", false, `{"prompt":["a b"]}`, want{2, 16, 0, false, false, false}},
		{"ids in a list", false, `{"prompt":[ [1,2,3] ]}`, want{3, 16, 0, false, false, false}},
		{"the newer name is of chats only", false, `{"prompt":[1],"max_completion_tokens":8}`, want{1, 16, 0, false, false, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, apiErr := openai.DecodeRequest([]byte(c.body), c.chat, []string{""}, 100)
			if apiErr != nil {
				t.Fatal(apiErr)
			}
			got := want{len(r.Prompt), r.MaxTokens, r.MinTokens, r.IgnoreEOS, r.Stream, r.IncludeUsage}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add(`{"messages":[{"role":"user","content":"a b"}],"max_tokens":7}`, true)
	f.Add(`{"prompt":[1,2,3]}`, false)
	f.Add(`{"prompt":[],"n":null}`, false)
	f.Add(`{"prompt":[["a"],[1]],"stream_options":{}}`, false)
	f.Fuzz(func(t *testing.T, body string, chat bool) {
		r, apiErr := openai.DecodeRequest([]byte(body), chat, []string{"", "m"}, 100)
		if apiErr == nil && (len(r.Prompt) < 1 || r.MaxTokens < 1 || len(r.Prompt)+r.MaxTokens > 100 || r.MinTokens > r.MaxTokens) {
			t.Errorf("%q was taken as %+v", body, r)
		}
	})
}

// The bytes of every event, and that each is JSON whatever the names are.
func TestAnswerBytes(t *testing.T) {
	chat := openai.NewAnswer(openai.Request{Chat: true, Model: `m"x`, IncludeUsage: true}, "7", 1700000000)
	text := openai.NewAnswer(openai.Request{Model: "m"}, "7", 1700000000)
	usage := openai.Usage{PromptTokens: 9, CompletionTokens: 2, CachedTokens: 3}
	const counts = `"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":3}}`
	const chatHead = `data: {"id":"chatcmpl-7","model":"m\"x","object":"chat.completion.chunk","created":1700000000,`
	const textHead = `data: {"id":"cmpl-7","model":"m","object":"text_completion","created":1700000000,`
	for _, c := range []struct {
		name      string
		got, want string
	}{
		{"role", string(chat.AppendRole(nil)), chatHead + `"usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant","content":""}}]}` + "\n\n"},
		{"chat text", string(chat.AppendText(nil, []byte(" a"))), chatHead + `"usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"content":" a"}}]}` + "\n\n"},
		{"chat finish", string(chat.AppendFinish(nil, "stop")), chatHead + `"usage":null,"choices":[{"index":0,"finish_reason":"stop","delta":{}}]}` + "\n\n"},
		{"chat usage", string(chat.AppendUsage(nil, usage)), chatHead + counts + `,"choices":[]}` + "\n\n"},
		{"no role", string(text.AppendRole(nil)), ""},
		{"text", string(text.AppendText(nil, []byte(" a"))), textHead + `"choices":[{"index":0,"finish_reason":null,"text":" a"}]}` + "\n\n"},
		{"finish", string(text.AppendFinish(nil, "length")), textHead + `"choices":[{"index":0,"finish_reason":"length","text":""}]}` + "\n\n"},
		{"usage", string(text.AppendUsage(nil, usage)), textHead + counts + `,"choices":[]}` + "\n\n"},
		{
			"chat, whole", string(chat.AppendWhole(nil, []byte(" a b"), "length", usage)),
			`{"id":"chatcmpl-7","model":"m\"x","object":"chat.completion","created":1700000000,` + counts +
				`,"choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":" a b"}}]}`,
		},
		{
			"whole", string(text.AppendWhole(nil, []byte(" a b"), "length", usage)),
			`{"id":"cmpl-7","model":"m","object":"text_completion","created":1700000000,` + counts +
				`,"choices":[{"index":0,"finish_reason":"length","text":" a b"}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got  %s\nwant %s", c.got, c.want)
			}
			if data := strings.TrimPrefix(c.got, "data: "); data != "" && !json.Valid([]byte(data)) {
				t.Errorf("not JSON: %s", data)
			}
		})
	}
}

func TestAppendingAChunkAllocatesNothing(t *testing.T) {
	a := openai.NewAnswer(openai.Request{Chat: true, Model: "m"}, "7", 1700000000)
	buf, text := make([]byte, 0, 4096), []byte(" badoku")
	if n := testing.AllocsPerRun(100, func() { buf = a.AppendText(buf[:0], text) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestErrorBytes(t *testing.T) {
	for _, c := range []struct {
		status      int
		param, want string
	}{
		{400, "prompt", `{"error":{"message":"m","type":"BadRequestError","param":"prompt","code":400}}`},
		{404, "", `{"error":{"message":"m","type":"NotFoundError","param":null,"code":404}}`},
		{429, "", `{"error":{"message":"m","type":"TooManyRequestsError","param":null,"code":429}}`},
		{500, "", `{"error":{"message":"m","type":"InternalServerError","param":null,"code":500}}`},
		{503, "", `{"error":{"message":"m","type":"ServiceUnavailableError","param":null,"code":503}}`},
	} {
		w := httptest.NewRecorder()
		e := openai.NewError(c.status, c.param, "m")
		e.WriteTo(w)
		if got := w.Body.String(); got != c.want || w.Code != c.status || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d %s: %s, want %s", w.Code, w.Header().Get("Content-Type"), got, c.want)
		}
	}
	a := openai.NewAnswer(openai.Request{}, "7", 0)
	want := `data: {"error":{"message":"m","type":"InternalServerError","param":null,"code":500}}` + "\n\ndata: [DONE]\n\n"
	if got := string(a.AppendError(nil, openai.NewError(http.StatusInternalServerError, "", "m"))); got != want {
		t.Errorf("in a stream: %q, want %q", got, want)
	}
	if got := openai.NewError(400, "", "m").Error(); got != "400 BadRequestError: m" {
		t.Errorf("as an error: %q", got)
	}
}
