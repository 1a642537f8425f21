package tokenizer

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// families are the tokenizers of testdata: see make.py there.
func families(t testing.TB) map[string]*Tokenizer {
	t.Helper()
	files, err := filepath.Glob("testdata/*.tokenizer.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string]*Tokenizer{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".tokenizer.json")
		if all[name], err = Parse(text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

func read(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Every family has the ids that HuggingFace's library gave it, of texts in many scripts, with odd space, contractions, tokens in the text and letters
// that have none.
func TestAgainstHuggingFace(t *testing.T) {
	var texts []string
	read(t, "testdata/texts.json", &texts)
	for name, tokenizer := range families(t) {
		t.Run(name, func(t *testing.T) {
			var ids [][]int64
			read(t, "testdata/"+name+".ids.json", &ids)
			if len(ids) != len(texts) || len(texts) < 200 {
				t.Fatalf("ids of %d texts of %d", len(ids), len(texts))
			}
			for i, text := range texts {
				if got := tokenizer.Encode(text); !slices.Equal(got, ids[i]) {
					t.Errorf("%q is %v, want %v", text, got, ids[i])
				}
			}
		})
	}
}

// file is a tokenizer.json of three tokens with these parts.
func file(parts string) string {
	return `{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "▁": 3}, "merges": ["a b"]}` + parts + `}`
}

func TestParts(t *testing.T) {
	for name, tc := range map[string]struct {
		parts, text string
		want        []int64
	}{
		"nothing":               {``, "abba", []int64{2, 1, 0}},
		"letters without token": {``, "axb", []int64{2}},
		"old ByteLevel":         {`, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}`, "ab ab", []int64{2, 2}},
		"old Metaspace":         {`, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true}`, "ab b", []int64{3, 2, 3, 1}},
		"Metaspace, never":      {`, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}`, "ab b", []int64{2, 3, 1}},
		"removed":               {`, "pre_tokenizer": {"type": "Split", "pattern": {"String": "-"}, "behavior": "Removed"}`, "a-b", []int64{0, 1}},
		"inverted":              {`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Removed", "invert": true}`, "aab", []int64{0, 0}},
		"with previous":         {`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "b"}, "behavior": "MergedWithPrevious"}`, "abbab", []int64{2, 1, 2}},
		"with next":             {`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "MergedWithNext"}`, "aabab", []int64{0, 2, 2}},
		"contiguous":            {`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Contiguous"}`, "aab", []int64{0, 0, 1}},
		"stripped":              {`, "normalizer": {"type": "Strip", "strip_left": true, "strip_right": true}`, " ab ", []int64{2}},
		"replaced":              {`, "normalizer": {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": "b"}`, "a \t a", []int64{2, 0}},
		"decomposed":            {`, "normalizer": {"type": "NFKD"}`, "ａｂ", []int64{2}},
		"longest added":         {`, "added_tokens": [{"id": 4, "content": "ba"}, {"id": 5, "content": "bab"}]`, "abab", []int64{0, 5}},
		"added within a word":   {`, "added_tokens": [{"id": 4, "content": "ba", "single_word": true}]`, "aba ba", []int64{2, 0, 4}},
		"empty":                 {`, "normalizer": {"type": "Prepend", "prepend": "a"}, "pre_tokenizer": null, "added_tokens": [{"id": 7, "content": ""}]`, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tokenizer, err := Parse([]byte(file(tc.parts)))
			if err != nil {
				t.Fatal(err)
			}
			got := tokenizer.Encode(tc.text)
			if diff := cmp.Diff(tc.want, got[:len(got):len(got)]); diff != "" && len(got)+len(tc.want) > 0 {
				t.Errorf("%q (-want +got):\n%s", tc.text, diff)
			}
			if n := tokenizer.Count(tc.text); n != len(tc.want) {
				t.Errorf("%d tokens", n)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`hello`:          "it is no tokenizer.json: invalid character 'h' looking for beginning of value",
		`{"version": 1}`: "it is no tokenizer.json: it has no model",
		`{"model": {"type": "Unigram", "vocab": [["a", 0]]}}`:                                                               "model: the type \"Unigram\" is not known here",
		`{"model": {"type": "BPE"}}`:                                                                                        "model: it has no vocab",
		`{"model": {"vocab": {"a": 0}, "merges": ["a b"]}}`:                                                                 "model: the merge of \"a\" and \"b\" names a token that the vocab lacks",
		`{"model": {"vocab": {"a": 0}, "merges": ["a"]}}`:                                                                   "model: the merge \"a\" is not of two tokens",
		`{"model": {"vocab": {"a": 0}, "merges": [["a"]]}}`:                                                                 "model: the merge [\"a\"] is not of two tokens",
		`{"model": {"vocab": {"a": -1}}}`:                                                                                   "model: the token \"a\" has the id -1",
		`{"model": {"vocab": {"a": 0}, "dropout": 0.1}}`:                                                                    "model: dropout, which is for training, is not known here",
		`{"model": {"vocab": {"a": 0}, "end_of_word_suffix": "</w>"}}`:                                                      "model: a mark on parts of words (continuing_subword_prefix, end_of_word_suffix) is not known here",
		file(`, "normalizer": {"type": "Precompiled"}`):                                                                     "normalizer: the type \"Precompiled\" is not known here",
		file(`, "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]}`):               "normalizer: the type \"Lowercase\" is not known here",
		file(`, "normalizer": {"type": "Replace", "pattern": {"Regex": "(?<=a)b"}, "content": ""}`):                         "normalizer: the pattern of Replace: the regular expression (?<=a)b: a group (?<…) is not known here",
		file(`, "normalizer": {"type": "Replace", "content": ""}`):                                                          "normalizer: the pattern of Replace: there is no pattern",
		file(`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a++"}, "behavior": "Isolated"}`):                   "pre_tokenizer: the pattern of Split: the regular expression a++: not known here: error parsing regexp: invalid nested repetition operator: `++`",
		file(`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "x\\s+(?!\\S)|\\s+"}, "behavior": "Isolated"}`):     "pre_tokenizer: the pattern of Split: the regular expression x\\s+(?!\\S)|\\s+ is not known here",
		file(`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[a[b]]"}, "behavior": "Isolated"}`):                "pre_tokenizer: the pattern of Split: the regular expression [a[b]]: a class within a class is not known here",
		file(`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\w"}, "behavior": "Isolated"}`):                   "pre_tokenizer: the pattern of Split: the regular expression \\w: \\w is not known here",
		file(`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a$"}, "behavior": "Isolated"}`):                    "pre_tokenizer: the pattern of Split: the regular expression a$: $ is not known here",
		file(`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Halved"}`):                       "pre_tokenizer: Split with the behavior \"Halved\" is not known here",
		file(`, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Digits"}]}`):       "pre_tokenizer: a part behind ByteLevel is not known here",
		file(`, "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"}`):                      "pre_tokenizer: Metaspace with prepend_scheme \"last\" and replacement \"_\" is not known here",
		`{"model": {"vocab": {"a": 0}, "byte_fallback": true}, "pre_tokenizer": {"type": "ByteLevel", "use_regex": false}}`: "model: byte_fallback of a model of bytes that lacks \"Ā\" is not known here",
	} {
		_, err := Parse([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
		if strings.Contains(want, "not known here") != errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v is ErrUnsupported: %v", text, err, errors.Is(err, ErrUnsupported))
		}
	}
}

// A model of bytes loses nothing: its tokens put together are the text.
func FuzzEncode(f *testing.F) {
	var vocabulary struct {
		Model struct {
			Vocab map[string]int64 `json:"vocab"`
		} `json:"model"`
	}
	read(f, "testdata/gpt2.tokenizer.json", &vocabulary)
	text := map[int64]string{}
	for token, id := range vocabulary.Model.Vocab {
		text[id] = token
	}
	all := families(f)
	var texts []string
	read(f, "testdata/texts.json", &texts)
	for _, each := range texts {
		f.Add(each)
	}
	f.Fuzz(func(t *testing.T, given string) {
		for _, tokenizer := range all {
			tokenizer.Encode(given)
		}
		spelt := 0
		for _, id := range all["gpt2"].Encode(given) {
			if _, ok := text[id]; !ok {
				return // an added token, which may take space along
			}
			spelt += len([]rune(text[id]))
		}
		if spelt != len(given) {
			t.Errorf("%q has %d bytes and tokens of %d", given, len(given), spelt)
		}
	})
}

// No file makes the reader panic, nor what it has read.
func FuzzParse(f *testing.F) {
	for _, parts := range []string{
		`, "normalizer": {"type": "Strip"}, "added_tokens": [{"id": 7, "content": " ", "normalized": true}, {"id": 8, "content": "a", "lstrip": true}]`,
		`, "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"Regex": "a?"}, "content": "b"}]}`,
		`, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits"}, {"type": "ByteLevel"}]}`,
		`, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[^\\s\\p{L}]|\\s+(?!\\S)|\\s+"}, "behavior": "Contiguous", "invert": true}`,
		`, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": true}`,
	} {
		f.Add(file(parts), " a1\xff2b  ab\n")
	}
	f.Fuzz(func(t *testing.T, text, given string) {
		tokenizer, err := Parse([]byte(text))
		if err == nil {
			tokenizer.Encode(given)
		}
	})
}
