package length

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func draws(t *testing.T, input, output Lengths, seed int64, trial int) *Draws {
	t.Helper()
	d, err := NewDraws(input, output, seed, trial)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dataset has the values under a field of the file with this content.
func dataset(content, field string, values ...int32) Lengths {
	return Lengths{Kind: Dataset, Field: field, Path: content + ".jsonl", Digest: content}.with(values)
}

func moments(n int, at func(index int64) int) (mean, deviation float64, least, most int) {
	least = math.MaxInt
	for index := range int64(n) {
		v := at(index)
		mean += float64(v) / float64(n)
		least, most = min(least, v), max(most, v)
	}
	for index := range int64(n) {
		deviation += (float64(at(index)) - mean) * (float64(at(index)) - mean) / float64(n)
	}
	return mean, math.Sqrt(deviation), least, most
}

// The sample has the mean that was asked for within four standard errors, and the deviation within a tenth.
func TestDrawsHaveTheirMoments(t *testing.T) {
	const n = 10_000
	for name, tc := range map[string]struct {
		Lengths
		mean, deviation float64
		least, most     int // of the sample; 0: unchecked
	}{
		"fixed":             {Of(1024), 1024, 0, 1024, 1024},
		"uniform":           {Lengths{Kind: Uniform, Lo: 800, Hi: 1024}, 912, math.Sqrt((225*225 - 1) / 12.), 800, 1024},
		"one value":         {Lengths{Kind: Uniform, Lo: 9, Hi: 9}, 9, 0, 9, 9},
		"normal":            {Lengths{Kind: Normal, MeanOf: 1024, Spread: 100}, 1024, 100, 0, 0},
		"lognormal":         {Lengths{Kind: Lognormal, MeanOf: 900, Spread: 300}, 900, 300, 0, 0},
		"skewed":            {Lengths{Kind: Lognormal, MeanOf: 500, Spread: 500}, 500, 500, 0, 0},
		"no deviation":      {Lengths{Kind: Lognormal, MeanOf: 77.4}, 77, 0, 77, 77},
		"cut off":           {Lengths{Kind: Normal, MeanOf: 100, Spread: 1000, Min: 90, Max: 110}, 100, 9.95, 90, 110},
		"never below one":   {Lengths{Kind: Normal, MeanOf: 1, Spread: 0.1}, 1, 0, 1, 1},
		"beyond all tables": {Lengths{Kind: Lognormal, MeanOf: 1e-300, Spread: MaxTokens}, 1, 0, 1, 1},
		"dataset":           {dataset("d", "isl", 10, 20, 30, 100), 40, math.Sqrt(1250), 10, 100},
	} {
		t.Run(name, func(t *testing.T) {
			d := draws(t, tc.Lengths, tc.Lengths, 42, 1)
			for side, at := range map[string]func(int64) int{
				"isl": func(i int64) int { isl, _ := d.At(i); return isl },
				"osl": func(i int64) int { _, osl := d.At(i); return osl },
			} {
				mean, deviation, least, most := moments(n, at)
				if off := math.Abs(mean - tc.mean); off > 0.05+4*tc.deviation/math.Sqrt(n) {
					t.Errorf("%s: mean %.2f, want %.2f", side, mean, tc.mean)
				}
				if off := math.Abs(deviation - tc.deviation); off > 0.05+0.1*tc.deviation {
					t.Errorf("%s: deviation %.2f, want %.2f", side, deviation, tc.deviation)
				}
				if tc.least > 0 && (least != tc.least || most != tc.most) {
					t.Errorf("%s: from %d to %d, want %d to %d", side, least, most, tc.least, tc.most)
				}
			}
		})
	}
}

func sample(d *Draws, n int64) (all [][2]int) {
	for index := range n {
		isl, osl := d.At(index)
		all = append(all, [2]int{isl, osl})
	}
	return all
}

func TestDrawsFollowFromSeedAndTrial(t *testing.T) {
	in, out := Lengths{Kind: Uniform, Lo: 1, Hi: 1 << 20}, Lengths{Kind: Normal, MeanOf: 1 << 20, Spread: 1 << 16}
	first := sample(draws(t, in, out, 1, 1), 50)
	if diff := cmp.Diff(first, sample(draws(t, in, out, 1, 1), 50)); diff != "" {
		t.Errorf("the same seed and trial draw otherwise (-first +again):\n%s", diff)
	}
	for name, d := range map[string]*Draws{"seed": draws(t, in, out, 2, 1), "trial": draws(t, in, out, 1, 2)} {
		for index, lengths := range sample(d, 50) {
			if lengths[0] == first[index][0] || lengths[1] == first[index][1] {
				t.Errorf("another %s draws the same for request %d", name, index)
			}
		}
	}
	// The one distribution may change without the other's draws.
	for index, lengths := range sample(draws(t, in, Of(8), 1, 1), 50) {
		if lengths[0] != first[index][0] {
			t.Errorf("request %d: another osl has changed its isl", index)
		}
	}
	d := draws(t, in, in, 1, 1)
	if isl, osl := d.At(0); isl == osl {
		t.Errorf("isl and osl of one distribution are drawn together: %d", isl)
	}
}

func TestLinesOfOneDatasetAreDrawnTogether(t *testing.T) {
	const lines = 200
	var in, out []int32
	for i := range int32(lines) {
		in, out = append(in, 1000+i), append(out, 5000-i)
	}
	joint := draws(t, dataset("d", "isl", in...), dataset("d", "osl", out...), 1, 1)
	seen := map[int]int{}
	ordered := true
	for index, lengths := range sample(joint, 3*lines) {
		if lengths[0]-1000 != 5000-lengths[1] {
			t.Fatalf("request %d has the isl of line %d and the osl of line %d", index, lengths[0]-1000, 5000-lengths[1])
		}
		ordered = ordered && lengths[0]-1000 == index
		if seen[lengths[0]]++; seen[lengths[0]] > index/lines+1 {
			t.Fatalf("request %d: line %d comes again before every other has come", index, lengths[0]-1000)
		}
	}
	if len(seen) != lines || ordered {
		t.Errorf("%d of %d lines were drawn, in the file's order: %v", len(seen), lines, ordered)
	}
	apart := 0
	for _, lengths := range sample(draws(t, dataset("d", "isl", in...), dataset("e", "osl", out...), 1, 1), lines) {
		if lengths[0]-1000 != 5000-lengths[1] {
			apart++
		}
	}
	if apart < lines*9/10 {
		t.Errorf("two datasets are drawn together: only %d of %d requests are of other lines", apart, lines)
	}
}

func TestExtent(t *testing.T) {
	for name, tc := range map[string]struct {
		d        *Draws
		n        int64
		lookedAt int64
	}{
		"fixed":    {draws(t, Of(100), Of(7), 1, 1), 1_000_000_000, 1},
		"counted":  {draws(t, Lengths{Kind: Normal, MeanOf: 900, Spread: 90}, Lengths{Kind: Uniform, Lo: 1, Hi: 900}, 1, 1), 300, 300},
		"endless":  {draws(t, Lengths{Kind: Uniform, Lo: 1, Hi: 3}, Of(7), 1, 1), 0, 1000},
		"together": {draws(t, dataset("d", "isl", 10, 50, 90), dataset("d", "osl", 90, 50, 10), 1, 1), 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.d.Extent(tc.n)
			shortest, _ := tc.d.At(got.Shortest)
			longest, _ := tc.d.At(got.Longest)
			least, most, together := math.MaxInt, 0, 0
			for _, lengths := range sample(tc.d, tc.lookedAt) {
				least, most, together = min(least, lengths[0]), max(most, lengths[0]), max(together, lengths[0]+lengths[1])
			}
			if shortest != least || longest != most || got.MostTokens != together {
				t.Errorf("%+v are %d and %d tokens; want %d and %d, and %d together", got, shortest, longest, least, most, together)
			}
		})
	}
}

func TestLongestFirst(t *testing.T) {
	d := draws(t, Lengths{Kind: Lognormal, MeanOf: 500, Spread: 400}, Lengths{Kind: Uniform, Lo: 1, Hi: 1000}, 3, 1)
	before, after := sample(d, 100), sample(d.LongestFirst(100), 100)
	if isl, _ := d.At(d.Extent(100).Longest); after[0][0] != isl || after[0] == before[0] {
		t.Errorf("request 0 has %d tokens, the longest %d", after[0][0], isl)
	}
	compare := func(a, b [2]int) int { return (a[0]-b[0])*1_000_000 + a[1] - b[1] }
	slices.SortFunc(before, compare)
	slices.SortFunc(after, compare)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("other requests than before (-before +after):\n%s", diff)
	}
}

func TestNewDrawsWithoutValues(t *testing.T) {
	_, err := NewDraws(Of(1), Lengths{Kind: Dataset, Digest: "d"}, 1, 1)
	if err == nil || err.Error() != "draw osl: the dataset has no values" {
		t.Errorf("error %v", err)
	}
}

// Lengths come back from JSON as they were, but for a dataset's path, and its values by way of the columns.
func TestRoundTrip(t *testing.T) {
	columns := Columns{}
	for name, l := range map[string]Lengths{
		"none": {}, "fixed": Of(1024), "uniform": {Kind: Uniform, Lo: 1, Hi: 2}, "normal": {Kind: Normal, MeanOf: 12.5, Spread: 3},
		"bounded": {Kind: Lognormal, MeanOf: 12.5, Spread: 0.25, Min: 2, Max: 30}, "dataset": dataset("abcdef", "isl", 3, 9),
	} {
		t.Run(name, func(t *testing.T) {
			columns.Add(l)
			text, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			var back Lengths
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			if back, err = columns.Resolve(back); err != nil {
				t.Fatal(err)
			}
			l.Path = ""
			if diff := cmp.Diff(l, back); diff != "" {
				t.Errorf("%s (-want +got):\n%s", text, diff)
			}
		})
	}
	if _, err := columns.Resolve(Lengths{Kind: Dataset, Digest: "abcdef", Field: "osl"}); err == nil ||
		err.Error() != `the lengths "osl" of the dataset with sha256 abcdef are not at hand` {
		t.Errorf("a column that is not there: %v", err)
	}
	for _, text := range []string{`{}`, `{"uniform":[1]}`, `{"dataset":"chat.jsonl"}`, `"1024"`} {
		if err := json.Unmarshal([]byte(text), new(Lengths)); err == nil {
			t.Errorf("%s is read as lengths", text)
		}
	}
}

// Each number of a distribution, and the content of a dataset, changes the key; a dataset's path does not.
func TestKeys(t *testing.T) {
	texts := []string{
		`1024`, `{ uniform = [1, 9] }`, `{ uniform = [2, 9] }`, `{ uniform = [1, 8] }`,
		`{ normal = [5, 2] }`, `{ normal = [6, 2] }`, `{ normal = [5, 3] }`, `{ normal = [5, 2], min = 1 }`, `{ normal = [5, 2], max = 9 }`,
		`{ lognormal = [5, 2] }`, `{ dataset = "copy.jsonl" }`, `{ dataset = "copy.jsonl", field = "osl" }`, `{ dataset = "other.jsonl" }`,
	}
	seen := map[string]string{}
	for _, text := range texts {
		key := keyOf(t, text)
		if other, taken := seen[key]; taken {
			t.Errorf("%s and %s have one key: %s", text, other, key)
		}
		seen[key] = text
	}
	if a, b := keyOf(t, `{ dataset = "copy.jsonl" }`), keyOf(t, `{ dataset = "chat.v1.jsonl" }`); a != b {
		t.Errorf("the same content has two keys: %s, %s", a, b)
	}
	if strings.Contains(keyOf(t, `{ dataset = "copy.jsonl" }`), "100") {
		t.Error("the key holds the values: a copy for each cell")
	}
}

func keyOf(t *testing.T, text string) string {
	t.Helper()
	l, err := decode(t, text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func ExampleLengths_Describe() {
	for _, l := range []Lengths{
		Of(1024),
		{Kind: Uniform, Lo: 800, Hi: 1024},
		{Kind: Normal, MeanOf: 1024, Spread: 200, Min: 64, Max: 2048},
		{Kind: Lognormal, MeanOf: 900, Spread: 300, Max: 4096},
		{Kind: Dataset, Path: "chat.jsonl", Field: "isl", Digest: "1a2b3c4d"},
	} {
		fmt.Printf("%s: %s\n", l, l.Describe())
	}
	// Output:
	// 1024: 1024
	// u800-1024: uniform(800, 1024)
	// n1024-200~64-2048: normal(1024, 200) from 64 to 2048
	// ln900-300~-4096: lognormal(900, 300) to 4096
	// d-chat-isl-1a2b3c: dataset(chat.jsonl, isl)
}

func BenchmarkAt(b *testing.B) {
	d, err := NewDraws(Lengths{Kind: Lognormal, MeanOf: 500, Spread: 400}, Lengths{Kind: Uniform, Lo: 1, Hi: 1000}, 3, 1)
	if err != nil {
		b.Fatal(err)
	}
	for index := int64(0); b.Loop(); index++ {
		d.At(index)
	}
}
