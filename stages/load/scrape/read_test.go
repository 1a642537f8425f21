package scrape_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/load/scrape"
)

// captures holds answers as they came over a socket, head and all.
const captures = "../../client/testdata/captures"

func file(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, body, found := bytes.Cut(text, []byte("\r\n\r\n")); found {
		text, _, _ = bytes.Cut(body, []byte("### curl exit"))
	}
	return text
}

func p(v float64) *float64 { return &v }

func TestReadEachEngine(t *testing.T) {
	for path, want := range map[string]table.Server{
		filepath.Join(captures, "llama-metrics.txt"): {
			Engine: "llamacpp", Running: p(0), Waiting: p(0), InputTokens: p(104 + 256), OutputTokens: p(619), PrefixQueries: p(104 + 256), PrefixHits: p(256),
		},
		filepath.Join(captures, "sim-metrics.txt"): {
			Engine: "vllm", Running: p(0), Waiting: p(0), KVUsage: p(0), InputTokens: p(125), OutputTokens: p(289), Finished: p(18),
			TTFTSumSeconds: p(1.8000000000000005), TTFTCount: p(18), TPOTSumSeconds: p(5.419999999999972), TPOTCount: p(271),
		},
		filepath.Join(captures, "sim-metrics-loaded.txt"): {
			Engine: "vllm", Running: p(1), Waiting: p(2), KVUsage: p(0), TTFTSumSeconds: p(0.1), TTFTCount: p(1), TPOTSumSeconds: p(0.4000000000000001), TPOTCount: p(20),
		},
		"testdata/vllm-v1.txt": {
			Engine: "vllm", Running: p(23), Waiting: p(3), KVUsage: p(0.4375), InputTokens: p(38912), OutputTokens: p(9728), PrefixQueries: p(38912), PrefixHits: p(1536),
			Preemptions: p(2), Finished: p(38), TTFTSumSeconds: p(4.25), TTFTCount: p(38), TPOTSumSeconds: p(96.5), TPOTCount: p(9690),
			QueueSumSeconds: p(1), QueueCount: p(37), ProcessStart: p(1.76760721e9),
		},
		"testdata/vllm-v1-early.txt": {Engine: "vllm", KVUsage: p(0.5), PrefixQueries: p(100), PrefixHits: p(25)},
		"testdata/vllm-v0.txt": {
			Engine: "vllm", Running: p(8), Waiting: p(0), KVUsage: p(0.125), InputTokens: p(8192), OutputTokens: p(2048), Preemptions: p(0), Finished: p(8),
			TTFTSumSeconds: p(0.5), TTFTCount: p(8), TPOTSumSeconds: p(20.5), TPOTCount: p(2040),
		},
		"testdata/sglang.txt": {
			Engine: "sglang", Running: p(162), Waiting: p(2826), KVUsage: p(0.28), HitRate: p(0.0075), InputTokens: p(8128902), OutputTokens: p(7557572),
			PrefixQueries: p(8128902), PrefixHits: p(81280), Preemptions: p(48), Finished: p(11008), TTFTSumSeconds: p(2.3518979474117756e6), TTFTCount: p(11008),
			TPOTSumSeconds: p(866964.5791549598), TPOTCount: p(7400757),
		},
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got, err := scrape.Read(file(t, path))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadOddities(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       table.Server
		err        string
	}{
		{"metrics of something else", "go_goroutines 7\nprocess_start_time_seconds 5\n", table.Server{}, "/metrics names nothing of vLLM, SGLang or llama.cpp"},
		{"a page", "<html><body>Not here.</body></html>\n", table.Server{}, "/metrics names nothing of vLLM, SGLang or llama.cpp"},
		{"nothing", "", table.Server{}, "/metrics names nothing of vLLM, SGLang or llama.cpp"},
		{"no types", "vllm:num_requests_running 3\nvllm:generation_tokens_total 5\n", table.Server{Engine: "vllm", Running: p(3), OutputTokens: p(5)}, ""},
		{"a counter without its suffix", "vllm:num_preemptions 3\n", table.Server{Engine: "vllm", Preemptions: p(3)}, ""},
		{"what is not a number is not told", "vllm:num_requests_running NaN\nvllm:kv_cache_usage_perc +Inf\nvllm:prompt_tokens_total 7\n", table.Server{Engine: "vllm", InputTokens: p(7)}, ""},
		{
			"both names of one thing count once", "vllm:prefix_cache_hits_total 3\nvllm:gpu_prefix_cache_hits_total 3\n",
			table.Server{Engine: "vllm", PrefixHits: p(3)},
			"",
		},
		{"a histogram without a count is not told", "# TYPE vllm:time_to_first_token_seconds summary\nvllm:time_to_first_token_seconds_sum 3\n", table.Server{Engine: "vllm"}, ""},
		{"a broken line of ours", "vllm:num_requests_running{model=\"m} 3\n", table.Server{}, "read /metrics: text format parsing error in line 1"},
		{"half a line", "vllm:num_requests_running 3\nvllm:prompt_tokens_total 8", table.Server{}, "read /metrics: text format parsing error in line 2"},
		{"a broken line of another's", "python{ 3 3 3\nvllm:num_requests_running 3\n", table.Server{Engine: "vllm", Running: p(3)}, ""},
		{"an older llama.cpp, which does not say what was cached", "llamacpp:prompt_tokens_total 3\nllamacpp:tokens_predicted_total 4\n", table.Server{Engine: "llamacpp", OutputTokens: p(4)}, ""},
		{"SGLang behind what knows no colons", "sglang_num_running_reqs 3\nsglang_num_retracted_requests_total 1\n", table.Server{Engine: "sglang", Running: p(3), Preemptions: p(1)}, ""},
		{
			"SGLang's retractions before it had a counter of them", "# TYPE sglang:num_retractions histogram\nsglang:num_retractions_sum 7\nsglang:num_retractions_count 90\n",
			table.Server{Engine: "sglang", Preemptions: p(7)},
			"",
		},
		{
			"both of them", "sglang:num_retracted_requests_total 9\n# TYPE sglang:num_retractions histogram\nsglang:num_retractions_sum 7\nsglang:num_retractions_count 90\n",
			table.Server{Engine: "sglang", Preemptions: p(9)},
			"",
		},
		{"the fuller of two pools", "sglang:token_usage 0\nsglang:full_token_usage 0.5\nsglang:num_queue_reqs 0\n", table.Server{Engine: "sglang", Waiting: p(0), KVUsage: p(0.5)}, ""},
		{
			"cached tokens by where they came from", "sglang:prompt_tokens_total 90\nsglang:cached_tokens_total{cache_source=\"device\"} 40\nsglang:cached_tokens_total{cache_source=\"host\"} 10\n",
			table.Server{Engine: "sglang", InputTokens: p(90), PrefixQueries: p(90), PrefixHits: p(50)},
			"",
		},
		{
			"gauges of priorities beside that of all, and counters of priorities", "# TYPE sglang:num_queue_reqs gauge\nsglang:num_queue_reqs{priority=\"\"} 5\nsglang:num_queue_reqs{priority=\"1\"} 3\nsglang:num_queue_reqs{priority=\"2\"} 2\n" +
				"# TYPE sglang:num_requests_total counter\nsglang:num_requests_total{priority=\"1\"} 30\nsglang:num_requests_total{priority=\"2\"} 20\n",
			table.Server{Engine: "sglang", Waiting: p(5), Finished: p(50)},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := scrape.Read([]byte(c.text))
			if (err != nil) != (c.err != "") || (err != nil && !strings.HasPrefix(err.Error(), c.err)) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" && err == nil {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzRead proves that no answer makes Read panic, and that what it takes from one is finite and not below zero.
func FuzzRead(f *testing.F) {
	for _, path := range []string{
		filepath.Join(captures, "llama-metrics.txt"), filepath.Join(captures, "sim-metrics-loaded.txt"),
		"testdata/vllm-v1.txt", "testdata/vllm-v0.txt", "testdata/sglang.txt",
	} {
		f.Add(file(f, path))
	}
	f.Add([]byte("vllm:num_requests_running{a=\"\\\"\",} 1e400 5\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		row, err := scrape.Read(text)
		if err != nil {
			return
		}
		if row.Engine == "" {
			t.Error("metrics of no engine")
		}
		for _, v := range []*float64{
			row.Running, row.Waiting, row.KVUsage, row.HitRate, row.InputTokens, row.OutputTokens, row.PrefixQueries, row.PrefixHits, row.Preemptions,
			row.Finished, row.TTFTSumSeconds, row.TTFTCount, row.TPOTSumSeconds, row.TPOTCount, row.QueueSumSeconds, row.QueueCount, row.ProcessStart,
		} {
			if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0) || *v < 0) {
				t.Errorf("%v of %q", *v, text)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text := file(b, filepath.Join(captures, "sim-metrics.txt"))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scrape.Read(text); err != nil {
			b.Fatal(err)
		}
	}
}
