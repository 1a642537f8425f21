package trace_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
)

// FuzzRead holds what is read of any file to what a load relies on: requests in the order of their times from
// zero, of lengths that can be sent, with no more blocks than their prompts have room for.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		mooncake, "", "{}", "\n\n", `{"timestamp":1e300,"input_length":1,"output_length":1}`,
		`{"timestamp":-0,"input_length":1.0,"output_length":1e3,"hash_ids":null}`,
		`{"timestamp":3153600000000,"input_length":1,"output_length":1}` + "\n" +
			`{"timestamp":0.0000001,"input_length":513,"output_length":1,"hash_ids":[-1,9223372036854775807]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := trace.Read("t.jsonl", text)
		if err != nil {
			return
		}
		if len(got.Requests) == 0 || got.Requests[0].At != 0 {
			t.Fatalf("%q: %d requests, the first not at 0", text, len(got.Requests))
		}
		if !slices.IsSortedFunc(got.Requests, func(a, b trace.Request) int { return cmp.Compare(a.At, b.At) }) {
			t.Errorf("%q: not in the order of times", text)
		}
		for _, r := range got.Requests {
			room := (r.ISL + trace.BlockTokens - 1) / trace.BlockTokens
			most := max(r.ISL, r.OSL)
			if r.At < 0 || min(r.ISL, r.OSL) < 1 || most > length.MaxTokens || len(r.Blocks) > room {
				t.Errorf("%q: %+v", text, r)
			}
		}
	})
}
