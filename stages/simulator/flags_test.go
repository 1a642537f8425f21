package simulator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHonour(t *testing.T) {
	on, off := true, false
	tests := map[string]struct {
		args  string
		want  Config
		wrong int
	}{
		"nothing":            {"", Config{}, 0},
		"a value behind":     {"--max-num-seqs 64 --max-model-len 4096", Config{MaxNumSeqs: 64, MaxModelLen: 4096}, 0},
		"a value within":     {"--max-num-batched-tokens=2048 --stream-interval=8", Config{MaxNumBatchedTokens: 2048, StreamInterval: 8}, 0},
		"underscores":        {"--max_num_seqs=64", Config{MaxNumSeqs: 64}, 0},
		"a switch on":        {"--enable-prefix-caching", Config{PrefixCache: &on}, 0},
		"a switch off":       {"--no-enable-prefix-caching", Config{PrefixCache: &off}, 0},
		"the last one":       {"--max-num-seqs=1 --max-num-seqs 2 --enable-prefix-caching --no-enable-prefix-caching", Config{MaxNumSeqs: 2, PrefixCache: &off}, 0},
		"others and a value": {"--dtype half --max-num-seqs=64 --kv-cache-dtype=fp8", Config{MaxNumSeqs: 64}, 2},
		"the KV cache":       {"--gpu-memory-utilization .5 --num-gpu-blocks-override=100", Config{MemoryUtilisation: .5, KVCapacityTokens: 1600}, 0},
		"too much memory":    {"--gpu-memory-utilization=90", Config{}, 1},
		"zero":               {"--max-num-seqs=0 --stream-interval=2", Config{StreamInterval: 2}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var cfg Config
			wrong := cfg.Honour(strings.Fields(test.args))
			if diff := cmp.Diff(test.want, cfg); diff != "" || len(wrong) != test.wrong {
				t.Errorf("complaints %q, want %d; (-want +got):\n%s", wrong, test.wrong, diff)
			}
		})
	}
}

// Every argument that is said to be honoured changes the configuration, and the complaints name all that are not.
func TestArgumentsAreHonoured(t *testing.T) {
	for _, a := range Arguments() {
		var cfg Config
		arg := a.Name
		switch a.Value {
		case "":
		case "share":
			arg += "=0.77"
		default:
			arg += "=77"
		}
		if wrong := cfg.Honour([]string{arg}); wrong != nil || cmp.Equal(Config{}, cfg) {
			t.Errorf("%s: %q, configuration %+v", arg, wrong, cfg)
		}
	}
	want := []string{`--max-num-seqs wants a whole number above zero, not "x"`, `"64" is no argument: one begins with --`}
	if diff := cmp.Diff(want, new(Config).Honour([]string{"--max-num-seqs=x", "64"})); diff != "" {
		t.Errorf("complaints (-want +got):\n%s", diff)
	}
}
