package dataset

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// words is a dataset whose entry i has i+1 words, and every third an answer of ten.
func words(t *testing.T, n int) *Dataset {
	t.Helper()
	var text strings.Builder
	for i := range n {
		answer := ""
		if i%3 == 0 {
			answer = `, "completion": "one two three four five six seven eight nine ten"`
		}
		fmt.Fprintf(&text, "{\"prompt\": %q%s}\n", strings.TrimSpace(strings.Repeat("word ", i+1)), answer)
	}
	d, err := Read("words.jsonl", text.String())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func countWords(text string) int { return len(strings.Fields(text)) }

func take(t *testing.T, d *Draws, n int) (all []int) {
	t.Helper()
	for index := range n {
		entry, err := d.At(int64(index))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry)
	}
	return all
}

func drawn(t *testing.T, u Use, counts *Counts, ask Ask, seed int64, trial int) *Draws {
	t.Helper()
	d, err := u.Draws(counts, ask, seed, trial)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Every entry comes once before any comes again, in the order in which lengths of the same file come; another seed or trial has another.
func TestDraws(t *testing.T) {
	data := words(t, 50)
	counts := data.Counts("words", countWords)
	u := Use{Data: data}
	first := take(t, drawn(t, u, counts, Ask{}, 7, 1), 150)
	if once := slices.Compact(slices.Sorted(slices.Values(first[:50]))); len(once) != 50 {
		t.Errorf("the first 50 requests have %d entries", len(once))
	}
	if !slices.Equal(first[:50], first[50:100]) || !slices.Equal(first[:50], first[100:]) {
		t.Error("the order is another when entries come again")
	}
	values := make([]int32, 50)
	for i := range values {
		values[i] = int32(i + 1)
	}
	lengths, err := length.NewDraws(length.Lengths{Kind: length.Dataset, Digest: data.Digest, Values: values}, length.Of(1), 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, entry := range first {
		if isl, _ := lengths.At(int64(i)); isl != entry+1 {
			t.Fatalf("request %d has entry %d, and %d as its length", i, entry, isl)
		}
	}
	if !slices.Equal(first, take(t, drawn(t, u, counts, Ask{}, 7, 1), 150)) {
		t.Error("the same seed and trial draw others")
	}
	for _, other := range []*Draws{drawn(t, u, counts, Ask{}, 8, 1), drawn(t, u, counts, Ask{}, 7, 2)} {
		if slices.Equal(first, take(t, other, 150)) {
			t.Error("another seed or trial draws the same")
		}
	}
}

// What is not kept is not sent, and what is, comes in the order that it has among all; requests out of order find the same.
func TestKeep(t *testing.T) {
	data := words(t, 50)
	counts := data.Counts("words", countWords)
	all := take(t, drawn(t, Use{Data: data}, counts, Ask{}, 7, 1), 50)
	for name, tt := range map[string]struct {
		keep   Keep
		answer bool
		holds  func(entry int) bool
	}{
		"prompts":  {Keep{MinISL: 10, MaxISL: 20}, false, func(e int) bool { return e >= 9 && e <= 19 }},
		"answers":  {Keep{MinOSL: 10, MaxOSL: 10}, false, func(e int) bool { return e%3 == 0 }},
		"none":     {Keep{MaxOSL: 9}, false, func(e int) bool { return e%3 != 0 }},
		"total":    {Keep{MaxTotal: 30}, false, func(e int) bool { return e < 20 || e%3 != 0 && e < 30 }},
		"recorded": {Keep{}, true, func(e int) bool { return e%3 == 0 }},
		"both":     {Keep{MaxISL: 20}, true, func(e int) bool { return e%3 == 0 && e < 20 }},
	} {
		t.Run(name, func(t *testing.T) {
			want := slices.DeleteFunc(slices.Clone(all), func(e int) bool { return !tt.holds(e) })
			d := drawn(t, Use{Data: data, Keep: tt.keep}, counts, Ask{Answers: tt.answer}, 7, 1)
			var together sync.WaitGroup
			for index := int64(99); index >= 0; index -= 9 {
				together.Go(func() {
					if entry, err := d.At(index); err != nil || entry != want[index%int64(len(want))] {
						t.Errorf("request %d has entry %d, want %d (%v)", index, entry, want[index%int64(len(want))], err)
					}
				})
			}
			together.Wait()
		})
	}
	for want, u := range map[string]struct {
		Use
		answer bool
	}{
		"none of the 50 entries of words.jsonl is within keep = { max_total = 10, min_isl = 9, min_osl = 2 }: widen it": {Use: Use{Data: data, Keep: Keep{MinISL: 9, MinOSL: 2, MaxTotal: 10}}},
		"none of the 1 entries of words.jsonl has an answer, whose length osl could be":                                 {Use{Data: &Dataset{Path: "words.jsonl", Entries: data.Entries[1:2]}}, true},
	} {
		if _, err := drawn(t, u.Use, u.Data.Counts("words", countWords), Ask{Answers: u.answer}, 7, 1).At(3); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	u := Use{Data: data, Keep: Keep{MinISL: 4}}
	if _, err := u.Draws(data.Counts("", nil), Ask{}, 7, 1); err == nil || err.Error() != "draw from words.jsonl: keep counts tokens, and there is no tokenizer" {
		t.Errorf("error %v", err)
	}
}

func TestLongestFirst(t *testing.T) {
	data := words(t, 50)
	plain := drawn(t, Use{Data: data}, data.Counts("words", countWords), Ask{}, 7, 1)
	swapped, err := plain.LongestFirst(20)
	if err != nil {
		t.Fatal(err)
	}
	before, after := take(t, plain, 20), take(t, swapped, 20)
	if after[0] != slices.Max(before) || after[slices.Index(before, after[0])] != before[0] {
		t.Errorf("%v became %v", before, after)
	}
	if !slices.Equal(slices.Sorted(slices.Values(before)), slices.Sorted(slices.Values(after))) {
		t.Errorf("%v are others than %v", after, before)
	}
}

// A text is counted once, whoever asks; what nobody counts is taken by its bytes; and what the file says of an answer needs no counting.
func TestCounts(t *testing.T) {
	data, err := Read("f", `{"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "why is that so"}, {"role": "assistant", "content": "it is"}]}
{"prompt": "a", "output_tokens": 70, "completion": "b"}`)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	counts := data.Counts("words", func(text string) int { asked++; return countWords(text) })
	got := fmt.Sprint(counts.ISL(0), counts.OSL(0), counts.ISL(1), counts.OSL(1), data.Counts("words", nil).ISL(0), asked, counts.Exact())
	if want := fmt.Sprint(6, 2, 1, 70, 6, 4, true); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	guess := data.Counts("", nil)
	if got, want := fmt.Sprint(guess.ISL(0), guess.OSL(0), guess.ISL(1), guess.Exact()), fmt.Sprint(5, 1, 1, false); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDecodeKeep(t *testing.T) {
	for text, want := range map[string]string{
		`{ min_isl = 4, max_isl = 1024, min_osl = "4", max_total = 2048 }`: "max_isl = 1024, max_total = 2048, min_isl = 4, min_osl = 4",
		`{ max_osl = 9, min_osl = null }`:                                  "max_osl = 9",
		`{}`:                                                               "",
		`4`:                                                                "error: a number is no set of bounds; write { min_isl = 4, max_total = 2048 }",
		`{ min = 4 }`:                                                      `error: "min" is no bound. There is max_isl, max_osl, max_total, min_isl, min_osl.`,
		`{ min_ils = 4 }`:                                                  `error: "min_ils" is no bound. Did you mean "min_isl"?`,
		`{ min_isl = [] }`:                                                 "error: min_isl is a number of tokens, but this is a list",
		`{ min_isl = 0 }`:                                                  "error: min_isl: 0 is too small; the least is 1",
		`{ max_isl = 3e9 }`:                                                "error: max_isl is too large; the most is 2147483647",
		`{ min_isl = 9, max_isl = 8 }`:                                     "error: min_isl = 9 lies above max_isl = 8",
		`{ min_osl = 9, max_osl = 8 }`:                                     "error: min_osl = 9 lies above max_osl = 8",
		`{ min_isl = 5, min_osl = 4, max_total = 8 }`: "error: min_isl = 5 and min_osl = 4 are more than max_total = 8",
	} {
		e, diags := hclsyntax.ParseExpression([]byte(text), "e.hcl", hcl.InitialPos)
		v, more := e.Value(nil)
		if diags.HasErrors() || more.HasErrors() {
			t.Fatal(diags, more)
		}
		k, err := DecodeKeep(v)
		got := k.String()
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", text, got, want)
		}
	}
}

// A configuration names a dataset by its content, and finds it again.
func TestUseInJSON(t *testing.T) {
	data := words(t, 3)
	u := &Use{Data: data, Unique: true, Keep: Keep{MaxISL: 8}}
	text, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(`{"keep":{"max_isl":8},"sha256":%q,"unique":true}`, data.Digest); string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	var back Use
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	library := Library{}
	if _, err := library.Resolve(back); err == nil || err.Error() != "the dataset with sha256 "+data.Digest+" is not at hand" {
		t.Errorf("error %v", err)
	}
	library.Add(nil)
	library.Add(u)
	found, err := library.Resolve(back)
	if err != nil || found.Data != data {
		t.Fatalf("%v, %v", found, err)
	}
	if diff := cmp.Diff(u.Keep, found.Keep); diff != "" || !found.Unique {
		t.Errorf("unique is %t, keep (-want +got):\n%s", found.Unique, diff)
	}
	if err := json.Unmarshal([]byte(`{"unique":true}`), &back); err == nil {
		t.Error("a dataset without a digest is read")
	}
}

// A conversation is asked turn by turn, or its prompt alone; where answers are to have the lengths that were recorded, as far as they were.
func TestSteps(t *testing.T) {
	data, err := Read("f", `{"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "a b"}, {"from": "gpt", "value": "one two three"}, {"from": "human", "value": "c"}, {"from": "gpt", "value": "four"}, {"from": "human", "value": "d"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	said, err := Read("f", `{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "one two"}, {"role": "user", "content": "b"}], "output_tokens": 9}`)
	if err != nil {
		t.Fatal(err)
	}
	first, second, third := Turn{Ask: ask("system: S", "user: a b"), Answer: "one two three"}, Turn{Ask: ask("user: c"), Answer: "four"}, Turn{Ask: ask("user: d")}
	with := func(turn Turn, osl int) Turn { turn.OSL = osl; return turn }
	for name, tt := range map[string]struct {
		data *Dataset
		ask  Ask
		want []Turn
	}{
		"prompt":             {data, Ask{}, []Turn{first}},
		"answer":             {data, Ask{Answers: true}, []Turn{with(first, 3)}},
		"turns":              {data, Ask{Turns: true}, []Turn{first, second, third}},
		"turns with answers": {data, Ask{Answers: true, Turns: true}, []Turn{with(first, 3), with(second, 1)}},
		"messages":           {said, Ask{Answers: true}, []Turn{{Ask: ask("user: a", "assistant: one two", "user: b"), OSL: 9}}},
		"messages as turns":  {said, Ask{Answers: true, Turns: true}, []Turn{{Ask: ask("user: a"), Answer: "one two", OSL: 2}, {Ask: ask("user: b"), OSL: 9}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := drawnFor(t, tt.data, tt.ask)
			_, got, err := d.Steps(3)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if n := d.Turns(3); n != len(tt.want) {
				t.Errorf("%d turns, want %d", n, len(tt.want))
			}
		})
	}
}

func drawnFor(t *testing.T, data *Dataset, ask Ask) *Draws {
	t.Helper()
	return drawn(t, Use{Data: data}, data.Counts("words", countWords), ask, 7, 1)
}
