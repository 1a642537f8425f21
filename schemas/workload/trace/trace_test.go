package trace_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
)

const mooncake = `{"timestamp": 27000, "input_length": 1100, "output_length": 52, "hash_ids": [46, 47, 48]}
{"timestamp": 30000, "input_length": 700, "output_length": 26, "hash_ids": [46, 57]}

{"timestamp": 29000.5, "input_length": 900, "output_length": 26}
`

func read(t *testing.T, text string) *trace.Trace {
	t.Helper()
	got, err := trace.Read("logs/chat.v1.jsonl", text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Requests come in the order of their times, the first of them at once.
func TestRead(t *testing.T) {
	got := read(t, mooncake)
	want := []trace.Request{
		{ISL: 1100, OSL: 52, Blocks: []int64{46, 47, 48}},
		{At: 2000500 * time.Microsecond, ISL: 900, OSL: 26},
		{At: 3 * time.Second, ISL: 700, OSL: 26, Blocks: []int64{46, 57}},
	}
	if diff := cmp.Diff(want, got.Requests); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Path != "logs/chat.v1.jsonl" || got.Speed != 1 || len(got.Digest) != 64 {
		t.Errorf("%+v", got)
	}
	in, out := got.Lengths()
	if diff := cmp.Diff([]int32{1100, 900, 700}, in.Values); diff != "" || in.Mean() != 900 || in.Most() != 1100 || in.Least() != 700 {
		t.Errorf("input lengths %+v", in)
	}
	draws, err := length.NewDraws(in, out, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range want {
		if isl, osl := draws.At(int64(i)); isl != r.ISL || osl != r.OSL {
			t.Errorf("request %d has %d and %d tokens, want %d and %d", i, isl, osl, r.ISL, r.OSL)
		}
	}
}

func TestSpeed(t *testing.T) {
	got := read(t, mooncake)
	if rate := got.MeanRPS(3); rate != 0.666667 || got.Before(time.Hour) != 3 || got.Before(3*time.Second) != 2 {
		t.Errorf("%g/s, %d before 3 s", rate, got.Before(3*time.Second))
	}
	got.Speed = 4
	if due := got.Due(2); due != 750*time.Millisecond || got.MeanRPS(3) != 2.666667 || got.MeanRPS(1) != 1 || got.Before(time.Millisecond) != 1 {
		t.Errorf("due after %v at 4 times the speed, %g/s", due, got.MeanRPS(3))
	}
	if name := got.String(); !strings.HasPrefix(name, "trace-chat-") || !strings.HasSuffix(name, "-4x") || len(name) != len("trace-chat-123456-4x") {
		t.Errorf("named %s", name)
	}
	if rate := read(t, strings.Repeat(`{"timestamp": 5, "input_length": 1, "output_length": 1}`+"\n", 7)).MeanRPS(7); rate != 7 {
		t.Errorf("%g/s of seven at once", rate)
	}
}

// A trace comes back from JSON by its content, and its path is not in it.
func TestRoundTrip(t *testing.T) {
	library := trace.Library{}
	whole := read(t, mooncake)
	whole.Speed = 2.5
	library.Add(whole)
	library.Add(nil)
	text, err := json.Marshal(whole)
	if err != nil || strings.Contains(string(text), "chat") {
		t.Fatalf("%s, %v", text, err)
	}
	var named trace.Trace
	if err := json.Unmarshal(text, &named); err != nil {
		t.Fatal(err)
	}
	back, err := library.Resolve(named)
	if err != nil {
		t.Fatal(err)
	}
	whole.Path = ""
	if diff := cmp.Diff(whole, back); diff != "" {
		t.Errorf("%s (-want +got):\n%s", text, diff)
	}
	if _, err := library.Resolve(trace.Trace{Digest: "abc"}); err == nil || err.Error() != "the trace with sha256 abc is not at hand" {
		t.Errorf("a trace that is not there: %v", err)
	}
	if err := json.Unmarshal([]byte(`{"speed":1}`), &named); err == nil {
		t.Error("a trace without content is read")
	}
}

func TestWrongLines(t *testing.T) {
	const good = `{"timestamp": 1, "input_length": 1, "output_length": 1}` + "\n"
	const example = `{"timestamp": 1500, "input_length": 1024, "output_length": 64}`
	for text, want := range map[string]string{
		"":         "t.jsonl has no lines, so there is nothing to send",
		"[1, 2]":   "t.jsonl:1: the line is no JSON object: write " + example,
		good + "x": "t.jsonl:2: the line is no JSON object: write " + example,
		`{"timestamp": 1, "input_lenght": 1, "output_length": 1}`:                       `t.jsonl:1: the line has no "input_length". Did you mean "input_lenght"? Lines look like ` + example,
		`{"timestamp": -1, "input_length": 1, "output_length": 1}`:                      `t.jsonl:1: "timestamp" is -1, not a number of milliseconds from 0 to 3153600000000`,
		`{"timestamp": "0", "input_length": 1, "output_length": 1}`:                     `t.jsonl:1: "timestamp" is "0", not a number of milliseconds from 0 to 3153600000000`,
		`{"timestamp": 0, "input_length": 1.5, "output_length": 1}`:                     `t.jsonl:1: "input_length" is 1.5, not a whole number of tokens from 1 to 2147483647`,
		`{"timestamp": 0, "input_length": 1, "output_length": 0}`:                       `t.jsonl:1: "output_length" is 0, not a whole number of tokens from 1 to 2147483647`,
		`{"timestamp": 0, "input_length": 512, "output_length": 1, "hash_ids": [1, 2]}`: `t.jsonl:1: "hash_ids" has 2 blocks of 512 tokens, but a prompt of 512 tokens has room for 1`,
		`{"timestamp": 0, "input_length": 512, "output_length": 1, "hash_ids": ["a"]}`:  `t.jsonl:1: "hash_ids" is no list of whole numbers`,
		"1\n" + good + "2\n3\n4\n5\n6\n":                                                "t.jsonl:1: the line is no JSON object: write " + example,
	} {
		_, err := trace.Read("t.jsonl", text)
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if lines[0] != want || len(lines) > 5 {
			t.Errorf("%s:\n%s\nwant\n%s", text, err, want)
		}
		if strings.HasPrefix(text, "1\n") && len(lines) != 5 {
			t.Errorf("%d wrong lines are told of:\n%s", len(lines), err)
		}
	}
}
