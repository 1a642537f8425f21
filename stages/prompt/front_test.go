package prompt

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/client"
)

// Whatever server, seed, index and purpose, what stands in front of a text is the shared prefix and then words that no other text has in front of it; and a
// prefix cache that has seen those of a warm-up knows the first of no measured one.
func TestFrontIsUnique(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, s := range map[string]*server{
		"tokenize":   {},
		"usage":      {noTokenize: true, added: 9},
		"no usage":   {noTokenize: true, noUsage: true},
		"long words": {long: map[int]int{3: 2, 4: 3, 5: 2, 6: 2}},
	} {
		for _, api := range []string{client.Chat, client.Completions} {
			for _, prefix := range []int{0, 33} {
				spec := Spec{API: api, Verbatim: true, SharedPrefix: prefix, Seed: random.Int64(), Scope: "cell"}
				source, err := Prepare(t.Context(), s, spec)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if fit := source.Fit(); fit.Method != Verbatim {
					t.Errorf("%s: %v", name, fit)
				}
				shared := source.Front(Measure, 0, false)
				if n := s.count(client.Prompt{Text: shared}) - s.added; n != prefix && name != "long words" {
					t.Errorf("%s: the shared prefix has %d tokens, want %d: %q", name, n, prefix, shared)
				}
				seen, begins := map[string]bool{}, [2]map[string]bool{{}, {}}
				for index := range int64(500) {
					for _, purpose := range []Purpose{Measure, Warmup} {
						front := source.Front(purpose, index, true)
						own, found := strings.CutPrefix(front, shared)
						if !found || seen[front] || front != source.Front(purpose, index, true) {
							t.Fatalf("%s: %q is in front of request %d behind %q, and of another", name, front, index, shared)
						}
						seen[front] = true
						begins[purpose][strings.Fields(own)[0]] = true
					}
				}
				for word := range begins[Warmup] {
					if begins[Measure][word] {
						t.Errorf("%s: prompts of both purposes begin with %q", name, word)
					}
				}
			}
		}
	}
}
