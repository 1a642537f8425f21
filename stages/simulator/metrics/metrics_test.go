package metrics_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/metrics"
)

func TestCounts(t *testing.T) {
	s := metrics.New("llm", 8192)
	s.FirstToken(.1) // on a bound
	s.FirstToken(3000)
	s.Tokens(4, .048)
	s.Finished(metrics.Request{Reason: "length", PromptTokens: 70, OutputTokens: 5, MaxTokens: 6, DecodeSeconds: .8, E2ESeconds: .9})
	s.Aborted()
	var out strings.Builder
	if err := s.Write(&out, metrics.Engine{Running: 2, Waiting: 3, KVUsage: .25, PromptTokens: 70, PrefixQueries: 70, PrefixHits: 32, Preemptions: 3}); err != nil {
		t.Fatal(err)
	}
	const l = `{engine="0",model_name="llm"`
	for _, want := range []string{
		`vllm:generation_tokens_total` + l + `} 6`,
		`vllm:time_to_first_token_seconds_bucket` + l + `,le="0.08"} 0`,
		`vllm:time_to_first_token_seconds_bucket` + l + `,le="0.1"} 1`,
		`vllm:time_to_first_token_seconds_bucket` + l + `,le="2560"} 1`,
		`vllm:time_to_first_token_seconds_bucket` + l + `,le="+Inf"} 2`,
		`vllm:time_to_first_token_seconds_sum` + l + `} 3000.1`,
		`vllm:time_to_first_token_seconds_count` + l + `} 2`,
		`vllm:time_per_output_token_seconds_bucket` + l + `,le="0.01"} 0`,
		`vllm:time_per_output_token_seconds_bucket` + l + `,le="0.025"} 4`,
		`vllm:time_per_output_token_seconds_sum` + l + `} 0.048`,
		`vllm:e2e_request_latency_seconds_count` + l + `} 1`,
		`vllm:request_decode_time_seconds_sum` + l + `} 0.8`,
		`vllm:request_time_per_output_token_seconds_sum` + l + `} 0.2`,
		`vllm:request_prompt_tokens_bucket` + l + `,le="50"} 0`,
		`vllm:request_prompt_tokens_bucket` + l + `,le="100"} 1`,
		`vllm:request_prompt_tokens_sum` + l + `} 70`,
		`vllm:request_generation_tokens_bucket` + l + `,le="5"} 1`,
		`vllm:request_params_max_tokens_sum` + l + `} 6`,
		`vllm:request_success_total` + l + `,finished_reason="abort"} 1`,
		`vllm:request_success_total` + l + `,finished_reason="length"} 1`,
		`vllm:request_success_total` + l + `,finished_reason="stop"} 0`,
		`vllm:num_requests_running` + l + `} 2`,
		`vllm:num_requests_waiting` + l + `} 3`,
		`vllm:kv_cache_usage_perc` + l + `} 0.25`,
		`vllm:prompt_tokens_total` + l + `} 70`,
		`vllm:prefix_cache_queries_total` + l + `} 70`,
		`vllm:prefix_cache_hits_total` + l + `} 32`,
		`vllm:num_preemptions_total` + l + `} 3`,
	} {
		if !strings.Contains(out.String(), "\n"+want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
}

// Every sample follows the HELP and TYPE of its family, and families are sorted.
func TestFormat(t *testing.T) {
	var out strings.Builder
	if err := metrics.New(`a "b"`, 100).Write(&out, metrics.Engine{}); err != nil {
		t.Fatal(err)
	}
	var families []string
	family := ""
	for line := range strings.Lines(out.String()) {
		if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
			family, _, _ = strings.Cut(rest, " ")
			families = append(families, family)
		}
		if !strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), family) {
			t.Errorf("line %q under family %s", line, family)
		}
	}
	want := []string{
		"vllm:cache_config_info", "vllm:e2e_request_latency_seconds", "vllm:generation_tokens_total",
		"vllm:inter_token_latency_seconds", "vllm:kv_cache_usage_perc", "vllm:num_preemptions_total", "vllm:num_requests_running",
		"vllm:num_requests_waiting", "vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total",
		"vllm:prompt_tokens_total", "vllm:request_decode_time_seconds", "vllm:request_generation_tokens", "vllm:request_params_max_tokens",
		"vllm:request_prompt_tokens", "vllm:request_success_total", "vllm:request_time_per_output_token_seconds",
		"vllm:time_per_output_token_seconds", "vllm:time_to_first_token_seconds",
	}
	if diff := cmp.Diff(want, families); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
	if !strings.Contains(out.String(), `model_name="a \"b\""`) {
		t.Error("the model's name is not escaped")
	}
}

func TestWriteError(t *testing.T) {
	r, w := io.Pipe()
	r.CloseWithError(io.ErrClosedPipe)
	if err := metrics.New("m", 100).Write(w, metrics.Engine{}); !errors.Is(err, io.ErrClosedPipe) || !strings.HasPrefix(err.Error(), "write metrics: ") {
		t.Errorf("error %v, want write metrics: %v", err, io.ErrClosedPipe)
	}
}
