package addr

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStepReadsBack(t *testing.T) {
	for text, want := range map[string]Step{
		"aggregate":      {Kind: "aggregate"},
		"fetch-power.gu": {Kind: "fetch-power", Name: "gu"},
		`load.chat["qwen3-8b/h100/2gpu/64u/1024x256/t1"]`: {Kind: "load", Name: "chat", Key: "qwen3-8b/h100/2gpu/64u/1024x256/t1"},
		`load.chat["odd \"key\" [x]"]`:                    {Kind: "load", Name: "chat", Key: `odd "key" [x]`},
	} {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		if got.String() != text {
			t.Errorf("%s prints as %s", text, got)
		}
	}
}

func TestParseSaysWhatIsWanted(t *testing.T) {
	for text, want := range map[string]string{
		"":              `address "": want kind, kind.name or kind.name["key"]`,
		"load.":         `address "load.": want kind, kind.name or kind.name["key"]`,
		`load["x"]`:     `address "load[\"x\"]": want kind, kind.name or kind.name["key"]`,
		`load.chat[x]`:  `address "load.chat[x]": want a quoted key in brackets, as in load.chat["qwen/h100/1gpu/16u/1024x256/t1"]`,
		`load.chat["x"`: `address "load.chat[\"x\"": want a quoted key in brackets, as in load.chat["qwen/h100/1gpu/16u/1024x256/t1"]`,
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("Parse(%q) = %v, want %s", text, err, want)
		}
	}
}

func TestStepIsAStringInJSON(t *testing.T) {
	in := Step{Kind: "load", Name: "chat", Key: "a/b"}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out Step
	if err := json.Unmarshal(text, &out); err != nil || out != in || string(text) != `"load.chat[\"a/b\"]"` {
		t.Errorf("%s reads back as %v, %v", text, out, err)
	}
}

func TestSelector(t *testing.T) {
	step := Step{Kind: "load", Name: "chat", Key: "qwen/h100/2gpu/64u/1024x256/t1"}
	for pattern, want := range map[string]bool{
		"load":                      true,
		"lo*":                       true,
		"warmup":                    false,
		"load.chat":                 true,
		"load.code":                 false,
		`load.chat["**"]`:           true,
		`load.*["*/*/2gpu/**"]`:     true,
		`load.*["*/*/1gpu/**"]`:     false,
		`load.*[**/64u/*/t1]`:       true,
		`load.*["qwen/h100/2gpu"]`:  false,
		`**.**["**/t1"]`:            true,
		`load.*["*"]`:               false,
		`load.*["**/t1/**"]`:        true,
		`load.*["qwen/*/*/6?u/**"]`: true,
	} {
		s, err := ParseSelector(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		} else if got := s.Match(step); got != want {
			t.Errorf("%s matches %v: got %v", pattern, step, got)
		}
	}
	if _, err := ParseSelector("load.[a"); err == nil {
		t.Error("a torn pattern is accepted")
	}
}
