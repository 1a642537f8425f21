package wire

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var documents = []struct {
	name, text string
	want       Chunk
}{
	{"content", `{"choices":[{"delta":{"content":"ab"}}]}`, Chunk{Content: 2}},
	{"role only", `{"choices":[{"delta":{"role":"assistant"}}]}`, Chunk{}},
	{"null content", `{"choices":[{"delta":{"role":"assistant","content":null},"finish_reason":null}],"usage":null}`, Chunk{}},
	{"empty content", `{"choices":[{"delta":{"content":""}}]}`, Chunk{}},
	{"no delta", `{"choices":[{"index":0,"finish_reason":"stop"}]}`, Chunk{Finish: "stop"}},
	{"null delta", `{"choices":[{"delta":null,"finish_reason":"length"}]}`, Chunk{Finish: "length"}},
	{"null choices", `{"choices":null}`, Chunk{}},
	{"nothing", `{}`, Chunk{}},
	{"an unusual finish", `{"choices":[{"delta":{},"finish_reason":"content_filter"}]}`, Chunk{Finish: "content_filter"}},
	{"text of completions", `{"choices":[{"text":" é"}]}`, Chunk{Content: 3}},
	{"reasoning_content", `{"choices":[{"delta":{"reasoning_content":"hm","content":null}}]}`, Chunk{Reasoning: 2}},
	{"reasoning", `{"choices":[{"delta":{"reasoning":"hm"}}]}`, Chunk{Reasoning: 2}},
	{"reasoning under both names", `{"choices":[{"delta":{"reasoning":"hm","reasoning_content":"hm"}}]}`, Chunk{Reasoning: 2}},
	{"refusal", `{"choices":[{"delta":{"refusal":"no"}}]}`, Chunk{Content: 2}},
	{
		"tool calls", `{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","type":"function","function":{"name":"f","arguments":""}},{"function":{"arguments":"{}"}}]}}]}`,
		Chunk{Tool: 3},
	},
	{"function call", `{"choices":[{"delta":{"function_call":{"name":"f","arguments":"{}"}}}]}`, Chunk{Tool: 3}},
	{"escapes", `{"choices":[{"delta":{"content":"\n\t\"\\\/\u0041\u00e9\u20ac"}}]}`, Chunk{Content: 5 + 1 + 2 + 3}},
	{"surrogates", `{"choices":[{"delta":{"content":"\ud83d\ude00"}}]}`, Chunk{Content: 4}},
	{"half a surrogate", `{"choices":[{"delta":{"content":"\ud83d"}}]}`, Chunk{Content: 3}},
	{"invalid UTF-8", "{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}", Chunk{Content: 3}},
	{"content in parts", `{"choices":[{"delta":{"content":[{"type":"text","text":"ab"},{"type":"text","text":"é"}]}}]}`, Chunk{Content: 4}},
	{"content in one part", `{"choices":[{"delta":{"content":{"type":"output_text","output_text":"ab"}}}]}`, Chunk{Content: 2}},
	{"content as a list of strings", `{"choices":[{"delta":{"content":["ab","c"]}}]}`, Chunk{Content: 3}},
	{
		"thinking in parts", `{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]}}]}`,
		Chunk{Content: 1, Reasoning: 2},
	},
	{"thinking in a part of its type", `{"choices":[{"delta":{"content":[{"type":"reasoning","text":"hm"}]}}]}`, Chunk{Reasoning: 2}},
	{"parts without text", `{"choices":[{"delta":{"content":[{"type":"image_url","image_url":{"url":"data:"}},{"type":"text","text":""}]}}]}`, Chunk{}},
	{"a part of an unknown form", `{"choices":[{"delta":{"content":[{"type":"utterance","words":"abc"}]}}]}`, Chunk{Unread: 3}},
	{"thinking by another name", `{"choices":[{"delta":{"thinking":"hm"}}]}`, Chunk{Reasoning: 2}},
	{"thinking in blocks", `{"choices":[{"delta":{"thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"x"}],"reasoning_content":"hm"}}]}`, Chunk{Reasoning: 2}},
	{"reasoning details", `{"choices":[{"delta":{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","format":"x"}],"content":""}}]}`, Chunk{Reasoning: 2}},
	{"encrypted reasoning", `{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.encrypted","data":"QUJD"}]}}]}`, Chunk{}},
	{"text by a name that nobody knows", `{"choices":[{"delta":{"monologue":"hmm"}}]}`, Chunk{Unread: 3}},
	{"texts by a name that nobody knows", `{"choices":[{"delta":{"role":"assistant","muse":["a",{"text":"bc"}],"n":3,"logprobs":{"content":[]}}}]}`, Chunk{Unread: 3}},
	{
		"reasoning tokens in the details", `{"usage":{"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":4}}}`,
		Chunk{HasUsage: true, Usage: Usage{CompletionTokens: 7, ReasoningTokens: 4}},
	},
	{"reasoning tokens beside", `{"usage":{"completion_tokens":7,"reasoning_tokens":4}}`, Chunk{HasUsage: true, Usage: Usage{CompletionTokens: 7, ReasoningTokens: 4}}},
	{"several choices", `{"choices":[{"text":"a"},{"text":"b"}]}`, Chunk{Content: 2}},
	{"a whole answer", `{"choices":[{"message":{"content":"abc"},"finish_reason":"stop"}]}`, Chunk{Content: 3, Finish: "stop"}},
	{
		"usage with empty choices", `{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4}}}`,
		Chunk{HasUsage: true, Usage: Usage{PromptTokens: 5, CompletionTokens: 7, CachedTokens: 4, HasCached: true}},
	},
	{
		"usage on the finish chunk", `{"choices":[{"text":"","finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"prompt_tokens_details":null}}`,
		Chunk{Finish: "length", HasUsage: true, Usage: Usage{PromptTokens: 5, CompletionTokens: 7}},
	},
	{"usage along with a token", `{"choices":[{"text":"a"}],"usage":{"prompt_tokens":5,"total_tokens":6,"completion_tokens":1}}`, Chunk{Content: 1, HasUsage: true, Usage: Usage{PromptTokens: 5, CompletionTokens: 1}}},
	{"usage of null", `{"usage":{"prompt_tokens":null,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":null}}}`, Chunk{HasUsage: true}},
	{"usage in other case", `{"usage":{"Prompt_Tokens":5}}`, Chunk{HasUsage: true}},
	{"error object", `{"error":{"message":"no memory","code":500}}`, Chunk{Failed: true, Failure: "no memory"}},
	{"error text", `{"error":"no memory"}`, Chunk{Failed: true, Failure: "no memory"}},
	{"error of unknown form", `{"error":{"code":7}}`, Chunk{Failed: true, Failure: `{"code":7}`}},
	{"null error", `{"error":null,"choices":[{"text":"a"}]}`, Chunk{Content: 1}},
	{"object error", `{"object":"error","message":"no memory"}`, Chunk{Failed: true, Failure: "no memory"}},
	{"name in other case", `{"Choices":[{"text":"a"}]}`, Chunk{}},
	{"name twice", `{"choices":[{"text":"a"}],"choices":[{"text":"bc"}]}`, Chunk{Content: 2}},
	{"name with escape", `{"choices":[{"te\u0078t":"abc"}]}`, Chunk{Content: 3}},
	{"white space", " {\n\"choices\" :\t[ { \"text\" : \"a\" } , { } ] } ", Chunk{Content: 1}},
	{"numbers", `{"a":[0,-1,1.5,1e9,-0.1E-2],"b":{"c":[true,false,null]},"choices":[]}`, Chunk{}},
}

func TestDecode(t *testing.T) {
	for _, test := range documents {
		t.Run(test.name, func(t *testing.T) {
			var got Chunk
			if err := Decode([]byte(test.text), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("decode (-want +got):\n%s", diff)
			}
			agree(t, []byte(test.text))
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":            ``,
		"null":               `null`,
		"an array":           `[]`,
		"half a document":    `{"choices":[{"text":"a"`,
		"two documents":      `{} {}`,
		"a comma too many":   `{"choices":[],}`,
		"a bad number":       `{"a":01}`,
		"a bad literal":      `{"a":nul}`,
		"a bad escape":       `{"a":"\x"}`,
		"a raw control byte": "{\"a\":\"\n\"}",
		"choices of text":    `{"choices":"a"}`,
		"usage of text":      `{"usage":{"completion_tokens":"7"}}`,
		"usage in parts":     `{"usage":{"completion_tokens":7.5}}`,
		"usage too large":    `{"usage":{"completion_tokens":7000000000}}`,
		"a zero in front":    `{"usage":{"completion_tokens":07}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var got Chunk
			if err := Decode([]byte(text), &got); err == nil {
				t.Errorf("decode took it as %+v", got)
			}
		})
	}
}

// agree checks that where the fast scan says it is sure, encoding/json says the same.
func agree(t *testing.T, data []byte) {
	t.Helper()
	var fast, slow Chunk
	if !decodeFast(data, &fast) {
		return
	}
	if err := decodeJSON(data, &slow); err != nil {
		t.Fatalf("the scan takes %q as %+v, encoding/json does not: %v", data, fast, err)
	}
	if diff := cmp.Diff(slow, fast); diff != "" {
		t.Fatalf("%q (-encoding/json +scan):\n%s", data, diff)
	}
}

// The scan is there for the chunks of the captures that carry a token: if it left them to encoding/json it would be of no use.
func TestScanTakesTheCaptures(t *testing.T) {
	for _, name := range bodies(t) {
		taken, left := 0, 0
		for _, data := range eventsOf(t, name) {
			var c Chunk
			agree(t, data)
			switch {
			case string(data) == "[DONE]" || bytes.Contains(data, []byte(`"error":{`)):
			case decodeFast(data, &c):
				taken++
			default:
				left++
				t.Logf("%s", data)
			}
		}
		if left > 0 {
			t.Errorf("%s: the scan leaves %d chunks of %d", name, left, left+taken)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, test := range documents {
		f.Add([]byte(test.text))
	}
	for _, name := range bodies(f) {
		for _, data := range eventsOf(f, name) {
			f.Add(data)
		}
	}
	f.Fuzz(agree)
}

// eventsOf returns the data of a capture's events of one data line each.
func eventsOf(t testing.TB, name string) [][]byte {
	t.Helper()
	var found [][]byte
	for line := range strings.Lines(string(read(t, name))) {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			found = append(found, []byte(strings.TrimSpace(data)))
		}
	}
	return found
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../testdata/captures", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// bodies returns the names of the captures that answer a completion, sorted.
func bodies(t testing.TB) []string {
	t.Helper()
	return captured(t, "*-chat-*.txt", "*-compl-*.txt", "*-err-mid-*.txt", "*.bin")
}

// refusals returns the names of the captures that refuse something, sorted.
func refusals(t testing.TB) []string {
	t.Helper()
	return captured(t, "*-err-*.txt", "*-inject-*.txt")
}

func captured(t testing.TB, patterns ...string) []string {
	t.Helper()
	var names []string
	for _, pattern := range patterns {
		paths, err := filepath.Glob("../testdata/captures/" + pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %v", pattern, paths, err)
		}
		for _, path := range paths {
			names = append(names, filepath.Base(path))
		}
	}
	slices.Sort(names)
	return names
}

// BenchmarkDecode compares the scan with encoding/json, which it stands in for.
func BenchmarkDecode(b *testing.B) {
	data := []byte(`{"choices":[{"finish_reason":null,"index":0,"delta":{"content":" pilike"}}],"created":1795429788,` +
		`"id":"chatcmpl-TVLsWy60FYcIHggG7dulTDwExVjq8z06","model":"llm","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}`)
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var c Chunk
			if !decodeFast(data, &c) || c.Content != 7 {
				b.Fatal(c)
			}
		}
	})
	b.Run("stream", func(b *testing.B) {
		b.ReportAllocs()
		var d Decoder
		for b.Loop() {
			var c Chunk
			if d.Decode(data, &c) != nil || c.Content != 7 {
				b.Fatal(c)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var c Chunk
			if decodeJSON(data, &c) != nil || c.Content != 7 {
				b.Fatal(c)
			}
		}
	})
}
