package tokenizer

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
)

// large is a tokenizer.json of bytes with the vocabulary of a model of today: 256 bytes, and so many tokens made of two others each.
func large(t testing.TB, tokens int) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/llama3.tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	model := file["model"].(map[string]any)
	vocab, merges := model["vocab"].(map[string]any), model["merges"].([]any)
	var names []string
	for _, each := range merges {
		both := each.([]any)
		names = append(names, both[0].(string)+both[1].(string))
	}
	learnt := len(names)
	rng := rand.New(rand.NewPCG(1, 2))
	for id := len(vocab) + 100; len(vocab) < tokens; id++ {
		left, right := names[rng.IntN(len(names))], names[rng.IntN(learnt)]
		if _, taken := vocab[left+right]; taken || len(left) > 16 {
			continue
		}
		vocab[left+right] = id
		merges = append(merges, []string{left, right})
		names = append(names, left+right)
	}
	model["merges"] = merges
	text, err = json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const tokensOfToday = 151_000

// What a tokenizer keeps is a few times its vocabulary, whatever its file had.
func TestMemory(t *testing.T) {
	text := large(t, tokensOfToday)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	tokenizer, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	kept := float64(heap()-before) / (1 << 20)
	if n := tokenizer.Count("Hello, world!"); n < 2 {
		t.Errorf("%d tokens", n)
	}
	t.Logf("%d tokens in a file of %.1f MiB keep %.1f MiB", tokensOfToday, float64(len(text))/(1<<20), kept)
	if kept > 48 {
		t.Errorf("%.1f MiB for %d tokens", kept, tokensOfToday)
	}
	runtime.KeepAlive(text)
	runtime.KeepAlive(tokenizer)
}

func BenchmarkParse(b *testing.B) {
	text := large(b, tokensOfToday)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	sample, err := os.ReadFile("../../LANGUAGE.md")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"gpt2", "llama3", "gpt-oss", "deepseek", "llama2", "mistral", "gemma"} {
		b.Run(name, func(b *testing.B) {
			file, err := os.ReadFile("testdata/" + name + ".tokenizer.json")
			if err != nil {
				b.Fatal(err)
			}
			tokenizer, err := Parse(file)
			if err != nil {
				b.Fatal(err)
			}
			text := strings.Repeat(string(sample), 1+(64<<10)/len(sample))[:64<<10]
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if n := tokenizer.Count(text); n == 0 {
					b.Fatal(fmt.Errorf("no tokens"))
				}
			}
		})
	}
}
