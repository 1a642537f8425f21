package cli

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// rewrites write the blocks of everything in another way that means the same. Reformat comes last: the others look for what everything looks
// like.
var rewrites = []struct {
	name  string
	apply func(r *rand.Rand, blocks []string) []string
}{
	{"reorder", func(r *rand.Rand, blocks []string) []string {
		r.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		return blocks
	}},
	{"rename", func(r *rand.Rand, blocks []string) []string {
		suffix := fmt.Sprintf("$1-%d", r.IntN(1000))
		return each(blocks, func(b string) string {
			b = labels.ReplaceAllString(b, suffix+`" {`)
			return references.ReplaceAllString(b, suffix)
		})
	}},
	{"other words", func(r *rand.Rand, blocks []string) []string {
		same := []string{`"60s"`, `"1m0s"`, "[4, 16]", "[for n in [4, 16] : n]", `"acme/own:1"`, `"acme/${"own"}:1"`, "= 160", "= 16 * 10", "top_k = 20", `top_k = tonumber("20")`, "[1, 2]", "pow2(1, 2)"}
		i := 2 * r.IntN(len(same)/2)
		return each(blocks, func(b string) string { return strings.ReplaceAll(b, same[i], same[i+1]) })
	}},
	{"default written", func(_ *rand.Rand, blocks []string) []string {
		return each(blocks, func(b string) string {
			b = strings.Replace(b, "  speed = 2\n", "  speed = 2\n  seed = 0\n  profile = \"graphs\"\n  faults = null\n", 1)
			return strings.Replace(b, "  gpu_type = \"B200\"\n", "  gpu_type = \"B200\"\n  gpus = 1\n  isl = null\n", 1)
		})
	}},
	{"indirection", func(r *rand.Rand, blocks []string) []string {
		value := []string{"1024", "160", `"acme/own:1"`, `["--fast"]`}[r.IntN(4)]
		blocks = each(blocks, func(b string) string { return strings.ReplaceAll(b, "= "+value+"\n", "= local.value\n") })
		return append(blocks, "locals {\n  value = var.value\n}", "variable \"value\" {\n  default = "+value+"\n}")
	}},
	{"comment", func(r *rand.Rand, blocks []string) []string {
		return each(blocks, func(b string) string {
			lines := strings.Split(b, "\n")
			return strings.Join(slices.Insert(lines, r.IntN(len(lines)), []string{"# a comment", "// another", "/* and\n one more */"}[r.IntN(3)]), "\n")
		})
	}},
	{"reformat", func(r *rand.Rand, blocks []string) []string {
		return each(blocks, func(b string) string {
			if r.IntN(2) == 0 {
				return string(hclwrite.Format([]byte(strings.ReplaceAll(b, "\n  ", "\n"))))
			}
			return strings.ReplaceAll(strings.ReplaceAll(b, " = ", strings.Repeat(" ", r.IntN(4))+"="+strings.Repeat("\t", r.IntN(3))), "\n  ", "\n\n"+strings.Repeat(" ", r.IntN(9)))
		})
	}},
}

var (
	labels     = regexp.MustCompile(`(?m)^((?:suite|model|engine|workload|benchmark|provider "[a-z]+") "[a-z]+)" \{`)
	references = regexp.MustCompile(`\b((?:model|engine|workload|provider\.[a-z]+)\.(?:m|n|own|batching|w|long|bare|open|phased|spoken|again|asked|p|q|r)\b)`)
)

func each(blocks []string, f func(string) string) []string {
	out := make([]string, len(blocks))
	for i, b := range blocks {
		out[i] = f(b)
	}
	return out
}

// Renaming, reordering, commenting, reformatting and other ways to write the same change no key.
func TestRewritesChangeNoKey(t *testing.T) {
	sorted := func(text string) []string {
		var keys []string
		for _, c := range cells(t, text) {
			keys = append(keys, c.key)
		}
		slices.Sort(keys)
		return keys
	}
	want := sorted(everything)
	random := rand.New(rand.NewPCG(7, 11))
	for i := range 40 {
		text, done := everything, []string{}
		for n, rewrite := range rewrites {
			if n != i && (i < len(rewrites) || random.IntN(2) == 0) { // each by itself first, then some together
				continue
			}
			before := strings.Split(strings.TrimSpace(text), "\n\n")
			after := strings.Join(rewrite.apply(random, slices.Clone(before)), "\n\n")
			if i == n && after == strings.Join(before, "\n\n") {
				t.Errorf("%s changes nothing", rewrite.name)
			}
			text, done = after, append(done, rewrite.name)
		}
		if diff := cmp.Diff(want, sorted(text)); diff != "" {
			t.Fatalf("after %v (-want +got):\n%s\n%s", done, diff, text)
		}
	}
}
