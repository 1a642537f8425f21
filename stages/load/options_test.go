package load_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

func TestOptions(t *testing.T) {
	fields := make(chan string, 64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.URL.Path == "/tokenize" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		for _, name := range []string{"max_tokens", "max_completion_tokens"} {
			if body[name] != nil {
				fields <- name
			}
		}
		_, _ = w.Write([]byte(`data: {"choices":[{"text":"a","finish_reason":"length"}]}` + "\n\n"))
	}))
	t.Cleanup(server.Close)
	cfg := cell(1)
	cfg.Options = json.RawMessage(`{"max_tokens_field":"max_completion_tokens"}`)
	if err := load.New().Run(t.Context(), environment(), task(t, stage.Endpoint{URL: server.URL}, cfg)); err != nil {
		t.Fatal(err)
	}
	close(fields)
	n := 0
	for name := range fields {
		if n++; name != "max_completion_tokens" {
			t.Errorf("a request carries %s", name)
		}
	}
	if n < 8 {
		t.Errorf("%d requests", n)
	}
	cfg.Options = json.RawMessage(`{"max_tokens_field":"tokens"}`)
	err := load.New().Run(t.Context(), environment(), task(t, stage.Endpoint{URL: server.URL}, cfg))
	if want := `load: max tokens field "tokens": want max_tokens or max_completion_tokens`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// witness is a server that remembers when it was asked, and the prompts of the requests that are no probes.
type witness struct {
	mu         sync.Mutex
	lastProbe  time.Time
	firstAsked time.Time
	prompts    []string // sorted
}

func (s *witness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		MaxTokens int    `json:"max_tokens"`
		Prompt    string `json:"prompt"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.URL.Path == "/tokenize" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case body.MaxTokens == 1:
		s.lastProbe = time.Now()
	case s.firstAsked.IsZero():
		s.firstAsked = time.Now()
	}
	if body.MaxTokens > 1 {
		at, _ := slices.BinarySearch(s.prompts, body.Prompt)
		s.prompts = slices.Insert(s.prompts, at, body.Prompt)
	}
	_, _ = w.Write([]byte(`data: {"choices":[{"text":"a","finish_reason":"length"}]}` + "\n\n"))
}

// measure runs a small cell against a fresh witness.
func measure(t *testing.T, change func(*stage.Env, *stage.LoadConfig, *stage.Endpoint, *stage.Task)) *witness {
	t.Helper()
	seen := &witness{}
	server := httptest.NewServer(seen)
	t.Cleanup(server.Close)
	env, cfg, endpoint := environment(), cell(2), stage.Endpoint{URL: server.URL}
	first := task(t, endpoint, cfg)
	change(&env, &cfg, &endpoint, &first)
	step := task(t, endpoint, cfg)
	step.Attempt = first.Attempt
	if err := load.New().Run(t.Context(), env, step); err != nil {
		t.Fatal(err)
	}
	return seen
}

// Before the power of GPUs can be told from what they draw without any work, they must have been left without any.
func TestQuietBeforeTheFirstRequest(t *testing.T) {
	const quiet = 400 * time.Millisecond
	for _, tc := range []struct {
		name, source string
		want         bool
	}{
		{"read by nvidia-smi", "nvidia-smi", true},
		{"simulated", "simulator", false},
		{"not read", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			options := json.RawMessage(`{"quiet":"400ms"}`)
			if !tc.want {
				options = json.RawMessage(`{"quiet":"1h"}`) // which the test would not live to see
			}
			seen := measure(t, func(_ *stage.Env, cfg *stage.LoadConfig, at *stage.Endpoint, _ *stage.Task) {
				cfg.Options, at.Power.Kind = options, tc.source
			})
			if got := seen.firstAsked.Sub(seen.lastProbe); tc.want && got < quiet {
				t.Errorf("nothing was asked for %v, want %v", got, quiet)
			}
		})
	}
	if got := block.String(load.New().Body().Defaults(), "quiet"); got != "8s" {
		t.Errorf("by default it is quiet for %s", got)
	}
}

// The same cell sends the same prompts to a server that cannot have seen them, and others where it can.
func TestPromptsOfTheSameCellAgain(t *testing.T) {
	type change = func(*stage.Env, *stage.LoadConfig, *stage.Endpoint, *stage.Task)
	first := measure(t, func(*stage.Env, *stage.LoadConfig, *stage.Endpoint, *stage.Task) {}).prompts
	if len(first) != 16 || len(slices.Compact(slices.Clone(first))) != 16 {
		t.Fatalf("%d prompts: %q", len(first), first)
	}
	borrowed := func(env *stage.Env, _ *stage.LoadConfig, at *stage.Endpoint, _ *stage.Task) { at.Borrowed = true }
	borrowedFirst := measure(t, borrowed).prompts
	for _, tc := range []struct {
		name   string
		before []string
		change change
		again  bool
	}{
		{"another run on a server of its own", first, func(env *stage.Env, _ *stage.LoadConfig, _ *stage.Endpoint, _ *stage.Task) { env.RunID = "run-2" }, true},
		{"another time limit", first, func(_ *stage.Env, cfg *stage.LoadConfig, _ *stage.Endpoint, _ *stage.Task) {
			cfg.Unkeyed.RequestTimeout = stage.Duration(time.Hour)
		}, true},
		{"another attempt", first, func(_ *stage.Env, _ *stage.LoadConfig, _ *stage.Endpoint, task *stage.Task) { task.Attempt = 2 }, false},
		{"another trial", first, func(_ *stage.Env, cfg *stage.LoadConfig, _ *stage.Endpoint, _ *stage.Task) { cfg.Trial = 3 }, false},
		{"a borrowed server", first, borrowed, false},
		{"another run on it", borrowedFirst, func(env *stage.Env, _ *stage.LoadConfig, at *stage.Endpoint, _ *stage.Task) {
			env.RunID, at.Borrowed = "run-2", true
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, prompt := range measure(t, tc.change).prompts {
				if _, found := slices.BinarySearch(tc.before, prompt); found != tc.again {
					t.Fatalf("sent before: %v, want %v: %q", found, tc.again, prompt)
				}
			}
		})
	}
}

// What the nonce is for: a server with a prefix cache that answers the same cell once more.
func TestPrefixCacheOfAServerThatIsAskedAgain(t *testing.T) {
	on := true
	_, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 20, PrefixCache: &on})
	const block = 16
	for _, tc := range []struct {
		name     string
		borrowed bool
		run      string
		attempt  int
		cached   bool
		nonce    string
	}{
		{"first", false, "run-1", 1, false, ""},
		{"taken for a first one", false, "run-1", 1, true, ""}, // so the cache would show
		{"second attempt", false, "run-1", 2, false, "run-1/2"},
		{"borrowed", true, "run-2", 1, false, "run-2/1"},
	} {
		endpoint.Borrowed = tc.borrowed
		step := task(t, endpoint, cell(4))
		step.Attempt = tc.attempt
		env := environment()
		env.RunID = tc.run
		if err := load.New().Run(t.Context(), env, step); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows(t, step.Dir) {
			if r.CachedTokens == nil || (*r.CachedTokens >= block) != tc.cached {
				t.Fatalf("%s: request %d: %v cached tokens", tc.name, r.Index, r.CachedTokens)
			}
		}
		text, err := os.ReadFile(filepath.Join(step.Dir, "load.json"))
		if err != nil {
			t.Fatal(err)
		}
		var facts struct {
			PromptNonce string `json:"prompt_nonce"`
		}
		if err := json.Unmarshal(text, &facts); err != nil || facts.PromptNonce != tc.nonce {
			t.Errorf("%s: nonce %q, %v", tc.name, facts.PromptNonce, err)
		}
	}
}
