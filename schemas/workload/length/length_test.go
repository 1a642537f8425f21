package length

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func read(name string) (string, error) {
	text, ok := map[string]string{
		"chat.v1.jsonl": "{\"isl\": 100, \"osl\": 10}\n\n{\"isl\": 201, \"osl\": 30}\n",
		"copy.jsonl":    "{\"isl\": 100, \"osl\": 10}\n\n{\"isl\": 201, \"osl\": 30}\n",
		"other.jsonl":   "{\"isl\": 101, \"osl\": 10}\n{\"isl\": 201, \"osl\": 30}\n",
		"vast":          `{"isl": 2147483648}`,
		"empty":         "\n", "torn": "{\"isl\": 1}\n{\"isl\"", "half": `{"isl": 1.5}`, "zero": `{"isl": 0}`,
	}[name]
	if !ok {
		return "", fmt.Errorf("there is no file %s", name)
	}
	return text, nil
}

// decode reads lengths as a suite has them.
func decode(t *testing.T, text string) (Lengths, error) {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "e.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return Decode(v, "isl", read)
}

func TestDecode(t *testing.T) {
	tests := map[string]struct {
		text             string
		name, json       string
		mean, least, top int
		err              string
	}{
		"fixed":              {text: `1024`, name: "1024", json: `1024`, mean: 1024, least: 1024, top: 1024},
		"as text":            {text: `"64"`, name: "64", json: `64`, mean: 64, least: 64, top: 64},
		"uniform":            {text: `{ uniform = [800, 1025] }`, name: "u800-1025", json: `{"uniform":[800,1025]}`, mean: 913, least: 800, top: 1025},
		"normal":             {text: `{ normal = [1024, 200] }`, name: "n1024-200", json: `{"normal":[1024,200]}`, mean: 1024, least: 1},
		"bounded":            {text: `{ max = 2048, normal = ["1024.0", 12.5], min = 64 }`, name: "n1024-12.5~64-2048", json: `{"max":2048,"min":64,"normal":[1024,12.5]}`, mean: 1024, least: 64, top: 2048},
		"lognormal":          {text: `{ lognormal = [0.2, 3], min = null, max = 9 }`, name: "ln0.2-3~-9", json: `{"lognormal":[0.2,3],"max":9}`, mean: 1, least: 1, top: 9},
		"dataset":            {text: `{ dataset = "chat.v1.jsonl" }`, name: "d-chat-isl-3af454", json: `{"dataset":"sha256:DIGEST","field":"isl"}`, mean: 151, least: 100, top: 201},
		"same content":       {text: `{ dataset = "copy.jsonl" }`, name: "d-copy-isl-3af454", json: `{"dataset":"sha256:DIGEST","field":"isl"}`, mean: 151, least: 100, top: 201},
		"field":              {text: `{ dataset = "copy.jsonl", field = "osl" }`, name: "d-copy-osl-3af454", json: `{"dataset":"sha256:DIGEST","field":"osl"}`, mean: 20, least: 10, top: 30},
		"part of a token":    {text: `0.5`, err: "0.5 is not a whole number"},
		"text":               {text: `"long"`, err: `"long" is ` + notLengths},
		"list":               {text: `[1, 2]`, err: "a list is " + notLengths},
		"bool":               {text: `true`, err: "a bool is " + notLengths},
		"no shape":           {text: `{ min = 3 }`, err: "an object that names no shape is " + notLengths},
		"two shapes":         {text: `{ normal = [1, 1], uniform = [1, 2] }`, err: "uniform and normal exclude each other; write " + Expected},
		"stray attribute":    {text: `{ normal = [1, 1], mim = 3 }`, err: `"mim" has no meaning beside "normal". Did you mean "min"?`},
		"three bounds":       {text: `{ uniform = [1, 2, 3] }`, err: "uniform takes a list of two numbers; write " + Expected},
		"null bound":         {text: `{ uniform = [1, null] }`, err: "uniform: one of the two numbers is null"},
		"upside down":        {text: `{ uniform = [3, 1] }`, err: "uniform: 3 lies above 1; write the lower bound first"},
		"lower bound":        {text: `{ uniform = [0, 1] }`, err: "uniform: 0 is too small; the least is 1"},
		"upper bound":        {text: `{ uniform = [1, 1.5] }`, err: "uniform: 1.5 is not a whole number"},
		"no mean":            {text: `{ normal = [0, 1] }`, err: "normal: the mean: 0 is not above zero"},
		"negative deviation": {text: `{ lognormal = [1, -1] }`, err: "lognormal: the standard deviation: -1 is too small; the least is 0"},
		"min":                {text: `{ normal = [9, 1], min = 0 }`, err: "min: 0 is too small; the least is 1"},
		"min list":           {text: `{ normal = [9, 1], min = [] }`, err: "min is a number of tokens, but this is a list"},
		"mean outside":       {text: `{ normal = [9, 1], max = 8 }`, err: "normal: the mean 9 does not lie between min and max"},
		"no file":            {text: `{ dataset = "absent" }`, err: "there is no file absent"},
		"null file":          {text: `{ dataset = null }`, err: "dataset is null; write the path of a file"},
		"number of a file":   {text: `{ dataset = 3 }`, err: "dataset is a text that is not empty; write " + Expected},
		"empty file":         {text: `{ dataset = "empty" }`, err: "empty has no lines, so there is no length to draw"},
		"torn file":          {text: `{ dataset = "torn" }`, err: `torn:2: the line is no JSON object: write {"isl": 1024} on each line`},
		"half a token":       {text: `{ dataset = "half" }`, err: `half:1: "isl" is 1.5, not a whole number of tokens from 1 to 2147483647`},
		"no token":           {text: `{ dataset = "zero" }`, err: `zero:1: "isl" is 0, not a whole number of tokens from 1 to 2147483647`},
		"too long":           {text: `{ dataset = "vast" }`, err: `vast:1: "isl" is 2147483648, not a whole number of tokens from 1 to 2147483647`},
		"too many":           {text: `2147483648`, err: "2147483648 is too large; the most is 2147483647"},
		"too wide":           {text: `{ normal = [9, 3e9] }`, err: "normal: 3000000000 is too large; the most is 2147483647"},
		"no field":           {text: `{ dataset = "copy.jsonl", field = "ils" }`, err: `copy.jsonl:1: the line has no "ils". Did you mean "isl"? Set field to what it is called`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := decode(t, tt.text)
			if err != nil || tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("error %v, want %s", err, tt.err)
				}
				return
			}
			out, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintln(l, string(out), l.Mean(), l.Least(), l.Most())
			want := fmt.Sprintln(tt.name, strings.ReplaceAll(tt.json, "DIGEST", l.Digest), tt.mean, tt.least, tt.top)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if out, err := json.Marshal(Lengths{}); err != nil || string(out) != "null" || !(Lengths{}).IsZero() || (Lengths{}).Mean() != 0 {
		t.Errorf("no lengths are %s (%v), want null", out, err)
	}
}

// The lengths of texts are known by the content of their file; what they are in tokens is not known until somebody counts.
func TestOfTexts(t *testing.T) {
	prompts, answers := OfTexts("sub/chat.v1.json", "0123456789")
	for _, tt := range []struct {
		l                    Lengths
		name, describe, json string
	}{
		{prompts, "d-chat-prompt-012345", "dataset(sub/chat.v1.json, prompt)", `{"field":"prompt","text":"sha256:0123456789"}`},
		{answers, "answer", "dataset(sub/chat.v1.json, answer)", `{"field":"answer","text":"sha256:0123456789"}`},
	} {
		out, err := json.Marshal(tt.l)
		if err != nil {
			t.Fatal(err)
		}
		if tt.l.String() != tt.name || tt.l.Describe() != tt.describe || string(out) != tt.json || tt.l.Mean() != 0 || tt.l.IsZero() {
			t.Errorf("%s, %s, %s, mean %d", tt.l, tt.l.Describe(), out, tt.l.Mean())
		}
		var back Lengths
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatal(err)
		}
		tt.l.Path = ""
		if diff := cmp.Diff(tt.l, back); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	draws, err := NewDraws(prompts, Of(9), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if isl, osl := draws.At(3); isl != 0 || osl != 9 {
		t.Errorf("a request has %d and %d tokens, want 0, as the text says, and 9", isl, osl)
	}
}
