package simulator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/tokenizer"
)

const model = "Qwen/Qwen3-8B-FP8"

// shape reduces a stream to what each event is and which fields it has.
func shape(t *testing.T, s streamed) []string {
	t.Helper()
	var out []string
	for _, raw := range s.raw {
		if raw == "[DONE]" {
			out = append(out, raw)
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(raw), &fields); err != nil {
			t.Fatal(err)
		}
		kind := "usage"
		if choices := fields["choices"].([]any); len(choices) > 0 {
			kind = "text"
			choice := choices[0].(map[string]any)
			delta, _ := choice["delta"].(map[string]any)
			switch {
			case choice["finish_reason"] != nil:
				kind = "finish"
			case delta["role"] != nil:
				kind = "role"
			}
		}
		out = append(out, kind+" "+strings.Join(slices.Sorted(maps.Keys(fields)), ","))
	}
	return out
}

// The shapes are those of streams captured from real servers.
func TestStreamShape(t *testing.T) {
	r := start(t, simulator.Config{})
	const with, without = " choices,created,id,model,object,usage", " choices,created,id,model,object"
	for _, c := range []struct {
		name, path, body string
		object, id       string
		want             []string
	}{
		{
			"chat", "/v1/chat/completions", chat(3, 2, ""), "chat.completion.chunk", "chatcmpl-",
			[]string{"role" + with, "text" + with, "text" + with, "finish" + with, "usage" + with, "[DONE]"},
		},
		{
			"chat without usage", "/v1/chat/completions",
			`{"model":"` + model + `","stream":true,"ignore_eos":true,"max_completion_tokens":2,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`,
			"chat.completion.chunk", "chatcmpl-",
			[]string{"role" + without, "text" + without, "text" + without, "finish" + without, "[DONE]"},
		},
		{
			"completion", "/v1/completions",
			`{"model":"` + model + `","stream":true,"ignore_eos":true,"stream_options":{"include_usage":true},"max_tokens":2,"prompt":[5,6,7]}`,
			"text_completion", "cmpl-",
			[]string{"text" + with, "text" + with, "finish" + with, "usage" + with, "[DONE]"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := r.stream(t, c.path, c.body)
			if diff := cmp.Diff(c.want, shape(t, s)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			for _, e := range s.events {
				if e.Object != c.object || !strings.HasPrefix(e.ID, c.id) || e.ID != s.events[0].ID || e.Model != model {
					t.Errorf("event %+v: want object %s, one id with prefix %s and model %s", e, c.object, c.id, model)
				}
			}
			if s.reason != "length" {
				t.Errorf("finish reason %q, want length", s.reason)
			}
		})
	}
}

func TestHeadersComeBeforeTheFirstToken(t *testing.T) {
	r := start(t, simulator.Config{Faults: []simulator.Fault{{Kind: simulator.FaultStall}}})
	resp := r.do(t, "POST", "/v1/chat/completions", chat(3, 2, ""), "X-Request-Id", `abc"1`)
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	if got := resp.Header.Get("X-Request-Id"); got != `abc"1` {
		t.Errorf("X-Request-Id %q is not the one that was sent", got)
	}
}

func TestRequestIDNamesTheAnswer(t *testing.T) {
	r := start(t, simulator.Config{})
	resp := r.do(t, "POST", "/v1/chat/completions", chat(3, 2, ""), "X-Request-Id", `abc"1`)
	s, err := readStream(resp.Body)
	if err != nil || s.events[0].ID != `chatcmpl-abc"1` {
		t.Errorf("id %q, %v, want the request's", s.events[0].ID, err)
	}
	if rec := r.Requests(); len(rec) != 1 || rec[0].XRequestID != `abc"1` || rec[0].ID != s.events[0].ID {
		t.Errorf("records %+v, want one of that id", rec)
	}
}

func TestUsageIsExact(t *testing.T) {
	r := start(t, simulator.Config{})
	ids, _ := json.Marshal(tokenizer.Encode(strings.Repeat(" badoku", 40)))
	for _, c := range []struct {
		name, path, body string
		prompt, output   int
	}{
		{"chat", "/v1/chat/completions", chat(100, 17, ""), 105, 17},
		{"one token", "/v1/chat/completions", chat(1, 1, ""), 6, 1},
		{"token ids", "/v1/completions", `{"model":"` + model + `","stream":true,"stream_options":{"include_usage":true},"ignore_eos":true,"max_tokens":9,"prompt":` + string(ids) + `}`, 40, 9},
		{"text", "/v1/completions", `{"model":"` + model + `","stream":true,"stream_options":{"include_usage":true},"ignore_eos":true,"prompt":"Hello big world"}`, 3, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := r.stream(t, c.path, c.body)
			want := &usage{Prompt: c.prompt, Completion: c.output, Total: c.prompt + c.output}
			if diff := cmp.Diff(want, s.usage); diff != "" {
				t.Errorf("usage (-want +got):\n%s", diff)
			}
			if got := len(tokenizer.Encode(strings.Join(s.texts, ""))); got != c.output || len(s.texts) != c.output {
				t.Errorf("%d tokens in %d chunks, want %d of each", got, len(s.texts), c.output)
			}
		})
	}
}

// Without ignore_eos an answer ends by itself: its last token has no text.
func TestNaturalEnd(t *testing.T) {
	r := start(t, simulator.Config{Speed: 1000})
	ended, cut := 0, 0
	for i := range 12 {
		body := fmt.Sprintf(`{"model":%q,"stream":true,"stream_options":{"include_usage":true},"max_tokens":250,"min_tokens":30,"messages":[{"role":"user","content":"question %d"}]}`, model, i)
		s := r.stream(t, "/v1/chat/completions", body)
		text := len(tokenizer.Encode(strings.Join(s.texts, "")))
		switch s.reason {
		case "stop":
			ended++
			if s.usage.Completion != text+1 || text+1 < 30 || text+1 > 250 {
				t.Errorf("stopped: %d tokens for %d of text, want one more and between min_tokens and max_tokens", s.usage.Completion, text)
			}
		case "length":
			cut++
			if s.usage.Completion != 250 || text != 250 {
				t.Errorf("cut: %d tokens for %d of text, want 250 of each", s.usage.Completion, text)
			}
		default:
			t.Errorf("finish reason %q", s.reason)
		}
		again := r.stream(t, "/v1/chat/completions", body)
		if diff := cmp.Diff(s.texts, again.texts); diff != "" {
			t.Errorf("the same prompt got another answer (-first +second):\n%s", diff)
		}
	}
	if ended == 0 || cut == 0 {
		t.Errorf("%d answers ended by themselves and %d were cut: want some of each", ended, cut)
	}
}

func TestWholeAnswer(t *testing.T) {
	r := start(t, simulator.Config{})
	for _, c := range []struct{ path, body, object string }{
		{"/v1/chat/completions", `{"model":"` + model + `","ignore_eos":true,"max_tokens":8,"messages":[{"role":"user","content":"a b c"}]}`, "chat.completion"},
		{"/v1/completions", `{"model":"` + model + `","ignore_eos":true,"max_tokens":8,"prompt":"a b c"}`, "text_completion"},
	} {
		_, body := r.text(t, "POST", c.path, c.body)
		var a struct {
			Object  string
			Choices []struct {
				Text    string
				Message struct{ Role, Content string }
				Reason  string `json:"finish_reason"`
			}
			Usage usage
		}
		if err := json.Unmarshal([]byte(body), &a); err != nil || len(a.Choices) != 1 {
			t.Fatalf("%s: %v", body, err)
		}
		text := a.Choices[0].Text + a.Choices[0].Message.Content
		if a.Object != c.object || len(tokenizer.Encode(text)) != 8 || a.Usage.Completion != 8 || a.Choices[0].Reason != "length" {
			t.Errorf("%s: want %s, 8 tokens, cut by length", body, c.object)
		}
	}
}

func TestStreamIntervalPutsTokensTogether(t *testing.T) {
	r := start(t, simulator.Config{StreamInterval: 4})
	s := r.stream(t, "/v1/chat/completions", chat(3, 11, ""))
	var tokens []int
	for _, text := range s.texts {
		tokens = append(tokens, len(tokenizer.Encode(text)))
	}
	if diff := cmp.Diff([]int{1, 4, 4, 2}, tokens); diff != "" {
		t.Errorf("tokens per chunk (-want +got):\n%s", diff)
	}
}

func TestPrefixCacheShowsInUsage(t *testing.T) {
	on := true
	r := start(t, simulator.Config{PrefixCache: &on})
	first := r.stream(t, "/v1/chat/completions", chat(100, 2, ""))
	second := r.stream(t, "/v1/chat/completions", chat(100, 2, ""))
	if a, b := first.usage.Details.Cached, second.usage.Details.Cached; a != 0 || b != 96 {
		t.Errorf("cached tokens %d and then %d, want 0 and the 6 full blocks of 105 tokens", a, b)
	}
}

func TestConcurrentStreams(t *testing.T) {
	const clients, tokens = 64, 40
	r := start(t, simulator.Config{MaxNumSeqs: 48}) // some wait
	var wg sync.WaitGroup
	got := make([]streamed, clients)
	for i := range clients {
		wg.Go(func() { got[i] = r.stream(t, "/v1/chat/completions", chat(50+i, tokens, "")) })
	}
	wg.Wait()
	for i, s := range got {
		if s.usage == nil || s.usage.Prompt != 55+i || s.usage.Completion != tokens || len(s.texts) != tokens || !s.done {
			t.Errorf("client %d: usage %+v, %d chunks, done %v", i, s.usage, len(s.texts), s.done)
		}
	}
	if rec := r.Requests(); len(rec) != clients {
		t.Errorf("%d records, want %d", len(rec), clients)
	}
}

// What the server stamped as it wrote lies before what the client saw, and
// both count the same simulated time.
func TestRecordsAgreeWithTheClient(t *testing.T) {
	const speed = 4
	r := start(t, simulator.Config{Speed: speed})
	sent := time.Now()
	s := r.stream(t, "/v1/chat/completions", chat(200, 30, ""))
	rec := r.Requests()[0] // booked before the answer's last byte
	epoch := r.Info().EpochUnixNS
	simulated := func(wall time.Time) int64 { return (wall.UnixNano() - epoch) * speed }
	order := []int64{
		simulated(sent), rec.ArrivalNS, rec.FirstTokenWriteNS, simulated(s.first),
	}
	if !slices.IsSorted(order) {
		t.Errorf("sent, arrived, written, read at %v: want this order", order)
	}
	if rec.LastTokenWriteNS < rec.FirstTokenWriteNS || rec.LastTokenWriteNS > simulated(s.last) || rec.DoneNS < rec.LastTokenWriteNS {
		t.Errorf("record %+v, last token read at %d: out of order", rec, simulated(s.last))
	}
	want := simulator.RequestRecord{
		ID: s.events[0].ID, ArrivalNS: rec.ArrivalNS, FirstTokenWriteNS: rec.FirstTokenWriteNS,
		LastTokenWriteNS: rec.LastTokenWriteNS, DoneNS: rec.DoneNS, PromptTokens: 205, CompletionTokens: 30, Chunks: 30, Outcome: "length",
	}
	if diff := cmp.Diff(want, rec); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	_, body := r.text(t, "GET", "/simulator/requests", "")
	if diff := cmp.Diff(r.Requests(), lines[simulator.RequestRecord](t, body)); diff != "" {
		t.Errorf("/simulator/requests (-want +got):\n%s", diff)
	}
}

// A conversation that goes on finds what was said in the prefix cache, the answers among it: whole blocks, and all but the answer's last token, which
// was made and never read.
func TestPrefixCacheKnowsAnswers(t *testing.T) {
	on := true
	const asked, answered, further = 100, 60, 40
	for name, c := range map[string]struct {
		path    string
		body    func(said []string) string
		history int // tokens of the first prompt
	}{
		"chat": {"/v1/chat/completions", func(said []string) string {
			messages := make([]map[string]string, len(said))
			for i, text := range said {
				messages[i] = map[string]string{"role": []string{"user", "assistant"}[i%2], "content": text}
			}
			return encode(t, "messages", messages, answered)
		}, asked + tokenizer.TemplateTokensPerMessage + tokenizer.TemplateTokens},
		"completions": {"/v1/completions", func(said []string) string { return encode(t, "prompt", strings.Join(said, ""), answered) }, asked},
		"token ids": {"/v1/completions", func(said []string) string {
			return encode(t, "prompt", tokenizer.Encode(strings.Join(said, "")), answered)
		}, asked},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, simulator.Config{PrefixCache: &on})
			said := []string{strings.Repeat(" badoku", asked)}
			first := r.stream(t, c.path, c.body(said))
			said = append(said, strings.Join(first.texts, ""), strings.Repeat(" kodaba", further))
			second := r.stream(t, c.path, c.body(said))
			known := c.history + answered - 1
			if want := known - known%16; first.usage.Prompt != c.history || second.usage.Details.Cached != want {
				t.Errorf("the first prompt has %d tokens, the second found %d: want %d and %d", first.usage.Prompt, second.usage.Details.Cached, c.history, want)
			}
		})
	}
}

// encode is the body of a streaming request.
func encode(t *testing.T, name string, prompt any, tokens int) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		name: prompt, "model": "Qwen/Qwen3-8B-FP8", "stream": true, "stream_options": map[string]bool{"include_usage": true}, "ignore_eos": true, "max_tokens": tokens,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Clients that count answers for themselves find as many tokens as the server counts: the words are those of which tokenizer/testdata says that they
// are one token in every family.
func TestAnswersAreOfWordsThatAreOneTokenEverywhere(t *testing.T) {
	r := start(t, simulator.Config{Speed: 100})
	var text string
	for _, e := range r.stream(t, "/v1/chat/completions", chat(20, 300, "")).events {
		for _, c := range e.Choices {
			text += c.Delta.Content
		}
	}
	ids := tokenizer.Encode(text)
	if len(ids) != 300 || slices.Max(ids) >= tokenizer.Common {
		t.Errorf("%d tokens, up to %d, want 300 of the %d English words: %q", len(ids), slices.Max(ids), tokenizer.Common, text)
	}
}
