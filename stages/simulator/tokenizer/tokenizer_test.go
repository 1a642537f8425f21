package tokenizer_test

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/tokenizer"
)

func FuzzReversible(f *testing.F) {
	for _, s := range []string{
		"", " ", "  ", "Hello big world", " babeba badoku", "babeba", "x babebab", "\x00\xff", "naïve – 日本語 🙂",
		"a\nb\t c", "123456789 0", " babeba", "  babeba", " bababa", " the time", "the", " theory", "trailing ", "\xe6\x97", "<|start|>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tokens := tokenizer.Encode(s)
		got, err := tokenizer.Decode(tokens)
		if err != nil || got != s {
			t.Fatalf("Decode(Encode(%q)) = %q, %v", s, got, err)
		}
		for _, id := range tokens {
			if id < 0 || id >= 1<<53 || !tokenizer.Valid(id) {
				t.Errorf("%q has token %d, which is not in the vocabulary or not safe in JSON", s, id)
			}
		}
	})
}

func TestWordsAreExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ids := []int64{0, 1, tokenizer.Words - 1}
	for range 5000 {
		ids = append(ids, int64(rng.IntN(tokenizer.Words)))
	}
	text, err := tokenizer.Decode(ids)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids, tokenizer.Encode(text)); diff != "" {
		t.Errorf("words do not encode to themselves (-want +got):\n%s", diff)
	}
	for id, want := range map[int]string{0: "x the", 1023: "x slow", 1024: "x badagu", tokenizer.Words - 1: "x zuzuzu"} {
		if got := string(tokenizer.AppendWord([]byte("x"), id)); got != want {
			t.Errorf("word %d after x = %q, want %q", id, got, want)
		}
	}
}

// Each English word is one token in the vocabularies of testdata, too, and none is another's.
func TestCommonWordsAreOneTokenInEveryFamily(t *testing.T) {
	file, err := os.Open("testdata/families.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	families, lines := lines[0], lines[1:]
	if len(lines) != tokenizer.Common || len(families) != 11 {
		t.Fatalf("%d words in %d families, want %d in 10", len(lines), len(families)-1, tokenizer.Common)
	}
	taken := map[string]string{}
	for id, line := range lines {
		word := string(tokenizer.AppendWord(nil, id))
		if word != " "+line[0] || !regexp.MustCompile(`^ [a-z]{3,6}$`).MatchString(word) {
			t.Errorf("word %d is %q, families.csv has %q", id, word, line[0])
		}
		if got := tokenizer.Encode(word); len(got) != 1 || got[0] != int64(id) {
			t.Errorf("%q has the tokens %d, want %d alone", word, got, id)
		}
		for i, text := range line {
			key := families[i] + " " + text
			if n, err := strconv.Atoi(text); i > 0 && (err != nil || n <= 0) || taken[key] != "" {
				t.Errorf("%q: token %s, which %q has", line[0], key, taken[key])
			}
			taken[key] = line[0]
		}
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"", 0},
		{"Hello big world", 3},
		{"extraordinary", 3},
		{" extraordinary things", 4},
		{"one, two", 3},
		{"a  b", 3},
		{"日本", 2},
		{strings.Repeat(" badoku", 100), 100},
		{"The quick brown fox jumps over the lazy dog.", 10},
	} {
		if got := len(tokenizer.Encode(c.text)); got != c.want {
			t.Errorf("%q: %d tokens, want %d", c.text, got, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	piece := tokenizer.Encode("x")[0]
	for name, id := range map[string]int64{
		"negative": -1, "past the specials": tokenizer.Words + 6, "huge": 1 << 53,
		"empty piece": 1 << 52, "stray byte": piece | 1<<40, "two characters": tokenizer.Encode(",")[0] + 1<<48 | '.'<<8,
		"an English word spelt out": 1<<52 | 1<<51 | 3<<48 | 't' | 'h'<<8 | 'e'<<16,
		"a word spelt out":          1<<52 | 1<<51 | 6<<48 | 'b' | 'a'<<8 | 'd'<<16 | 'o'<<24 | 'k'<<32 | 'u'<<40,
	} {
		_, err := tokenizer.Decode([]int64{0, id})
		if err == nil || !strings.HasPrefix(err.Error(), "token 1: id ") || !strings.HasSuffix(err.Error(), " is not in the vocabulary") {
			t.Errorf("%s: Decode(%d): error %v, want one that names the token", name, id, err)
		}
		if tokenizer.Valid(id) {
			t.Errorf("%s: Valid(%d) = true", name, id)
		}
	}
}

func TestChatTemplate(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []tokenizer.Message
		want     int
		text     string
	}{
		{"none", nil, 2, "<|start|><|assistant|>"},
		{"one", []tokenizer.Message{{"user", "Hello big world"}}, 3 + 5, "<|start|><|user|>Hello big world<|end|><|start|><|assistant|>"},
		{"two", []tokenizer.Message{{"system", "Be"}, {"user", "hi"}}, 2 + 8, "<|start|><|system|>Be<|end|><|start|><|user|>hi<|end|><|start|><|assistant|>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tokens, err := tokenizer.EncodeChat(c.messages)
			if err != nil || len(tokens) != c.want {
				t.Fatalf("%d tokens, %v, want %d", len(tokens), err, c.want)
			}
			if text, err := tokenizer.Decode(tokens); err != nil || text != c.text {
				t.Errorf("text %q, %v, want %q", text, err, c.text)
			}
		})
	}
	if _, err := tokenizer.EncodeChat([]tokenizer.Message{{"wizard", "x"}}); err == nil || err.Error() != `message 0: unknown role "wizard"` {
		t.Errorf("unknown role: error %v", err)
	}
}
