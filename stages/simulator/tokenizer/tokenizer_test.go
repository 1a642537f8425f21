package tokenizer_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/tokenizer"
)

func FuzzReversible(f *testing.F) {
	for _, s := range []string{
		"", " ", "  ", "Hello big world", " babeba badoku", "babeba", "x babebab", "\x00\xff", "naïve – 日本語 🙂",
		"a\nb\t c", "123456789 0", " babeba", "  babeba", "trailing ", "\xe6\x97", "<|start|>",
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
	if got, want := string(tokenizer.AppendWord([]byte("x"), 0)), "x bababa"; got != want {
		t.Errorf("word 0 after x = %q, want %q", got, want)
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
		"a word spelt out": 1<<52 | 1<<51 | 6<<48 | 'b' | 'a'<<8 | 'b'<<16 | 'a'<<24 | 'b'<<32 | 'a'<<40,
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
