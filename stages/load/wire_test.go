package load_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/tokenizer"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/warmup"
)

// scribe is a server for which every word and every id is a token. It answers what it is asked for and keeps what came over the wire.
type scribe struct {
	mu   sync.Mutex
	sent map[string]string      // bodies by request id; probes have none
	head map[string]http.Header // likewise
}

type ask struct {
	Prompt    json.RawMessage `json:"prompt"`
	Messages  []client.Message
	MaxTokens int `json:"max_tokens"`
}

// length counts the tokens of the prompt.
func (a ask) length() int {
	var ids []int64
	if json.Unmarshal(a.Prompt, &ids) == nil {
		return len(ids)
	}
	var text string
	_ = json.Unmarshal(a.Prompt, &text) // a prompt that is neither has no tokens
	for _, m := range a.Messages {
		text += " " + m.Content
	}
	return len(strings.Fields(text))
}

func (s *scribe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var question ask
	if err != nil || json.Unmarshal(body, &question) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.URL.Path == "/tokenize" && strings.Contains(string(body), withoutTokenize) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.URL.Path == "/tokenize" {
		s.tokenize(w, question)
		return
	}
	if id := r.Header.Get("X-Request-Id"); id != "" {
		s.mu.Lock()
		s.sent[id], s.head[id] = string(body), r.Header.Clone()
		s.mu.Unlock()
	}
	fmt.Fprintf(w, "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"length\"}]}\n\n")
	fmt.Fprintf(w, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d}}\n\ndata: [DONE]\n\n", question.length(), question.MaxTokens)
}

func (s *scribe) tokenize(w http.ResponseWriter, question ask) {
	var text string
	_ = json.Unmarshal(question.Prompt, &text)
	ids := []int{}
	for _, word := range strings.Fields(text) {
		id := 0
		for _, letter := range word {
			id = 31*id + int(letter)
		}
		ids = append(ids, id)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"tokens": ids})
}

// onTheWire runs a stage against a server of its own and returns what came there.
func onTheWire(t *testing.T, kind stage.Runner, env stage.Env, cfg any) (*scribe, stage.Task) {
	t.Helper()
	s := &scribe{sent: map[string]string{}, head: map[string]http.Header{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	task := task(t, stage.Endpoint{URL: server.URL, Model: "m"}, stage.LoadConfig{})
	task.Config = text
	if err := kind.Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock() // what was sent is answered, but that the race detector does not see
	defer s.mu.Unlock()
	return s, task
}

// recorded is a dataset whose long questions have short answers.
func recorded(t *testing.T) (isl, osl length.Lengths, env stage.Env) {
	t.Helper()
	env = environment()
	env.Library = workload.NewLibrary()
	column := func(field string, of func(int32) int32) length.Lengths {
		l := length.Lengths{Kind: length.Dataset, Digest: "d", Field: field}
		for i := range int32(40) {
			l.Values = append(l.Values, of(i))
		}
		env.Library.Lengths.Add(l)
		return l
	}
	return column("isl", func(i int32) int32 { return 10 + i }), column("osl", func(i int32) int32 { return 100 - i }), env
}

// The same suite and seed send the same bytes, whatever the lengths are; another seed or trial does not. What a request was meant to have is in
// its row, and what it had.
func TestLengthsOnTheWire(t *testing.T) {
	isl, osl, env := recorded(t)
	uniform := length.Lengths{Kind: length.Uniform, Lo: 10, Hi: 200}
	for name, w := range map[string]stage.Workload{
		"fixed":       {ISL: length.Of(64), OSL: length.Of(8)},
		"uniform":     {ISL: uniform, OSL: length.Of(8)},
		"lognormal":   {ISL: length.Of(64), OSL: length.Lengths{Kind: length.Lognormal, MeanOf: 90, Spread: 40, Max: 300}},
		"dataset":     {ISL: isl, OSL: osl},
		"with prefix": {ISL: uniform, OSL: uniform, SharedPrefix: 9},
	} {
		t.Run(name, func(t *testing.T) {
			w.API, w.Requests, w.IgnoreEOS = "completions", 40, true
			cfg := stage.LoadConfig{Workload: w, Users: 4, Trial: 1, Seed: 7}
			first, task := onTheWire(t, load.New(), env, cfg)
			again, _ := onTheWire(t, load.New(), env, cfg)
			if diff := cmp.Diff(first.sent, again.sent); diff != "" || len(first.sent) != 40 {
				t.Errorf("%d requests; the second load differs:\n%s", len(first.sent), diff)
			}
			cfg.Seed = 8
			reseeded, _ := onTheWire(t, load.New(), env, cfg)
			for id, body := range first.sent {
				if reseeded.sent[id] == body {
					t.Errorf("another seed sends %s again: %s", id, body)
				}
			}
			prompts := map[string]bool{}
			for _, r := range rows(t, task.Dir) {
				var sent ask
				if err := json.Unmarshal([]byte(first.sent[r.ID]), &sent); err != nil {
					t.Fatal(err)
				}
				prompts[string(sent.Prompt)] = true
				if sent.length() != int(r.ISLRequested) || sent.MaxTokens != int(r.OSLRequested) || *r.ISL != r.ISLRequested || *r.OSL != r.OSLRequested {
					t.Errorf("request %d has %d tokens and may have %d; its row says %d of %d and %d of %d",
						r.Index, sent.length(), sent.MaxTokens, *r.ISL, r.ISLRequested, *r.OSL, r.OSLRequested)
				}
				if name == "dataset" && r.ISLRequested-10 != 100-r.OSLRequested {
					t.Errorf("request %d is of two lines: %d, %d", r.Index, r.ISLRequested, r.OSLRequested)
				}
			}
			if len(prompts) != 40 {
				t.Errorf("%d different prompts of 40", len(prompts))
			}
		})
	}
}

// What a workload adds to its requests comes over the wire, with measured ones and with those that warm up; a secret does so too and is in no
// file.
func TestAdditionsOnTheWire(t *testing.T) {
	env := environment()
	env.Secret = func(name string) string { return "value-of-" + name }
	w := stage.Workload{
		API: "completions", ISL: length.Of(64), OSL: length.Of(8), Requests: 8, IgnoreEOS: true,
		ExtraBody: json.RawMessage(`{"top_k":20,"min_tokens":null,"chat_template_kwargs":{"thinking":false}}`),
		Headers:   map[string]string{"X-Tier": "gold"},
	}
	unkeyed := stage.LoadUnkeyed{SecretHeaders: map[string]string{"X-Token": "token"}}
	measured, task := onTheWire(t, load.New(), env, stage.LoadConfig{Workload: w, Users: 2, Trial: 1, Seed: 7, Unkeyed: unkeyed})
	warm, _ := onTheWire(t, warmup.New(), env, stage.WarmupConfig{Workload: w, Users: 2, Requests: 2, Seed: 7, Unkeyed: unkeyed})
	for _, s := range []*scribe{measured, warm} {
		for id, body := range s.sent {
			var members map[string]any
			if err := json.Unmarshal([]byte(body), &members); err != nil {
				t.Fatal(err)
			}
			delete(members, "prompt")
			want := map[string]any{
				"model": "m", "stream": true, "stream_options": map[string]any{"include_usage": true}, "max_tokens": 8., "ignore_eos": true,
				"temperature": 0., "top_k": 20., "chat_template_kwargs": map[string]any{"thinking": false},
			}
			if diff := cmp.Diff(want, members); diff != "" {
				t.Errorf("%s (-want +got):\n%s", id, diff)
			}
			if head := s.head[id]; head.Get("X-Tier") != "gold" || head.Get("X-Token") != "value-of-token" {
				t.Errorf("%s: headers %v", id, head)
			}
		}
	}
	if len(measured.sent) != 8 || len(warm.sent) != 2 {
		t.Errorf("%d and %d requests", len(measured.sent), len(warm.sent))
	}
	files, err := filepath.Glob(filepath.Join(task.Dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "value-of-token") {
			t.Errorf("%s holds the secret (%v)", file, err)
		}
	}
}

// withoutTokenize is a model: a server asked for it has no /tokenize.
const withoutTokenize = "model-of-a-file"

// On a server without /tokenize, prompts of ids come from the model's tokenizer.json: the same bytes again, and of the lengths asked for.
func TestTokenizerOnTheWire(t *testing.T) {
	text, err := os.ReadFile("../../schemas/workload/tokenizer/testdata/gpt2.tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	own, err := tokenizer.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	env := environment()
	env.Library = workload.NewLibrary()
	env.Library.AddTokenizer("sha256:f", own)
	w := stage.Workload{API: "completions", ISL: length.Lengths{Kind: length.Uniform, Lo: 20, Hi: 99}, OSL: length.Of(8), Requests: 20, IgnoreEOS: true, Tokenizer: "sha256:f"}
	cfg := stage.LoadConfig{Workload: w, Users: 4, Trial: 1, Seed: 7}
	send := func() (*scribe, []table.Request) {
		s := &scribe{sent: map[string]string{}, head: map[string]http.Header{}}
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		task := task(t, stage.Endpoint{URL: server.URL, Model: withoutTokenize}, cfg)
		if err := load.New().Run(t.Context(), env, task); err != nil {
			t.Fatal(err)
		}
		return s, rows(t, task.Dir)
	}
	first, all := send()
	again, _ := send()
	if diff := cmp.Diff(first.sent, again.sent); diff != "" || len(first.sent) != 20 {
		t.Errorf("%d requests; the second load differs:\n%s", len(first.sent), diff)
	}
	for _, r := range all {
		if !strings.Contains(first.sent[r.ID], `"prompt":[`) || *r.ISL != r.ISLRequested {
			t.Errorf("request %d has %d tokens of %d: %s", r.Index, *r.ISL, r.ISLRequested, first.sent[r.ID])
		}
	}
}

// lengthsOf are the requested lengths by index.
func lengthsOf(all []table.Request) map[int64][2]int32 {
	found := map[int64][2]int32{}
	for _, r := range all {
		found[r.Index] = [2]int32{r.ISLRequested, r.OSLRequested}
	}
	return found
}

// Cells that are compared are asked the same lengths; their prompts are their own.
func TestCellsDrawTheSameLengths(t *testing.T) {
	uniform := length.Lengths{Kind: length.Uniform, Lo: 10, Hi: 2000}
	cfg := stage.LoadConfig{Workload: stage.Workload{API: "completions", ISL: uniform, OSL: uniform, Requests: 20}, Users: 2, Trial: 1, Seed: 7}
	first, one := onTheWire(t, load.New(), environment(), cfg)
	cfg.Users = 5
	second, other := onTheWire(t, load.New(), environment(), cfg)
	if diff := cmp.Diff(lengthsOf(rows(t, one.Dir)), lengthsOf(rows(t, other.Dir))); diff != "" {
		t.Errorf("another number of users draws other lengths:\n%s", diff)
	}
	for id, body := range first.sent {
		if second.sent[id] == body {
			t.Errorf("two cells send the same prompt: %s", body)
		}
	}
	cfg.Trial = 2
	_, next := onTheWire(t, load.New(), environment(), cfg)
	if cmp.Equal(lengthsOf(rows(t, one.Dir)), lengthsOf(rows(t, next.Dir))) {
		t.Error("another trial draws the same lengths")
	}
}

// A warm-up begins with the longest prompt of the load that comes after it, and repeats none of its prompts.
func TestWarmupBeginsWithTheLongest(t *testing.T) {
	w := stage.Workload{API: "completions", ISL: length.Lengths{Kind: length.Lognormal, MeanOf: 200, Spread: 200}, OSL: length.Of(4), Requests: 64}
	measured, task := onTheWire(t, load.New(), environment(), stage.LoadConfig{Workload: w, Users: 4, Trial: 1, Seed: 7})
	longest := int32(0)
	for _, r := range rows(t, task.Dir) {
		longest = max(longest, r.ISLRequested)
	}
	warm, _ := onTheWire(t, warmup.New(), environment(), stage.WarmupConfig{Workload: w, Users: 4, Requests: 6, Seed: 7})
	lengths := map[string]int{}
	for id, body := range warm.sent {
		var sent ask
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatal(err)
		}
		lengths[id[strings.LastIndexByte(id, '-')+1:]] = sent.length()
		for other := range maps.Values(measured.sent) {
			if other == body {
				t.Errorf("a prompt of the warm-up is measured: %s", body)
			}
		}
	}
	if lengths["0"] != int(longest) || len(lengths) != 6 {
		t.Errorf("the warm-up's prompts have %v tokens by index, want %d first", lengths, longest)
	}
}
