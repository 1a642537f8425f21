package load_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/warmup"
)

// asking is a workload whose prompts are the texts of a file, and the environment in which it is known.
func asking(t *testing.T, text string, unique bool) (stage.Workload, stage.Env) {
	t.Helper()
	data, err := dataset.Read("f", text)
	if err != nil {
		t.Fatal(err)
	}
	env := environment()
	env.Library = workload.NewLibrary()
	use := &dataset.Use{Data: data, Unique: unique}
	env.Library.Texts.Add(use)
	w := stage.Workload{API: "completions", OSL: length.Of(8), Requests: 30, IgnoreEOS: true, Dataset: use}
	w.ISL, _ = length.OfTexts("f", data.Digest)
	if data.Chat() != nil {
		w.API = "chat"
	}
	return w, env
}

// questions are prompts whose texts begin alike, with how long their answers were.
func questions(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"prompt\": %q, \"output_tokens\": %d}\n", fmt.Sprintf("This is the long beginning of each of the questions, and the same in all of them: what is the number %d?\n1 < 2 & \"3\"", i), 3+i)
	}
	return b.String()
}

// chats are conversations of which the first turn is asked.
func chats(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Question %d"}, {"from": "gpt", "value": "Answer"}, {"from": "human", "value": "never asked"}]}`, i))
	}
	return "[" + strings.Join(all, ",\n") + "]"
}

// asked is what of a request's body says what it asks, as text.
func asked(t *testing.T, body string) (text string, maxTokens int) {
	t.Helper()
	var sent struct {
		Prompt    string
		Messages  []struct{ Role, Content string }
		MaxTokens int `json:"max_tokens"`
	}
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	text = sent.Prompt
	for _, m := range sent.Messages {
		text += m.Role + ": " + m.Content + "\n"
	}
	return text, sent.MaxTokens
}

// The texts of a file are sent as they are, each once before any comes again, in the same bytes for the same suite and seed. Where they are to be
// unique each has words of its own in front, and where not none has.
func TestTextsOnTheWire(t *testing.T) {
	const n = 10
	for name, tt := range map[string]struct {
		text   string
		unique bool
		prefix int
		whole  func(entry int) string // of a prompt, or behind the words in front
	}{
		"prompts": {questions(n), true, 0, func(i int) string {
			return "\n\nThis is the long beginning of each of the questions, and the same in all of them: what is the number " + fmt.Sprint(i) + "?\n1 < 2 & \"3\""
		}},
		"prompts as they are": {questions(n), false, 0, func(i int) string {
			return "This is the long beginning of each of the questions, and the same in all of them: what is the number " + fmt.Sprint(i) + "?\n1 < 2 & \"3\""
		}},
		"chats":             {chats(n), true, 0, func(i int) string { return fmt.Sprintf("\n\nBe brief.\nuser: Question %d\n", i) }},
		"chats as they are": {chats(n), false, 0, func(i int) string { return fmt.Sprintf("system: Be brief.\nuser: Question %d\n", i) }},
		"behind a prefix":   {questions(n), false, 40, func(i int) string { return fmt.Sprintf("what is the number %d?\n1 < 2 & \"3\"", i) }},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := asking(t, tt.text, tt.unique)
			w.SharedPrefix = tt.prefix
			cfg := stage.LoadConfig{Workload: w, Users: 3, Trial: 1, Seed: 7}
			first, task := onTheWire(t, load.New(), env, cfg)
			again, _ := onTheWire(t, load.New(), env, cfg)
			if diff := cmp.Diff(first.sent, again.sent); diff != "" || len(first.sent) != w.Requests {
				t.Errorf("%d requests; the second load differs:\n%s", len(first.sent), diff)
			}
			cfg.Seed = 8
			if reseeded, _ := onTheWire(t, load.New(), env, cfg); maps.Equal(first.sent, reseeded.sent) {
				t.Error("another seed sends the same")
			}
			order, different := make([]int, w.Requests), map[string]bool{}
			for _, r := range rows(t, task.Dir) {
				text, maxTokens := asked(t, first.sent[r.ID])
				different[text] = true
				order[r.Index] = -1
				for i := range n {
					if whole := tt.whole(i); strings.HasSuffix(text, whole) && (tt.unique || tt.prefix > 0 || text == whole) {
						order[r.Index] = i
					}
				}
				if order[r.Index] < 0 || r.ISLRequested != 0 || maxTokens != 8 {
					t.Errorf("request %d, of %d and %d tokens, asks %q", r.Index, r.ISLRequested, maxTokens, text)
				}
			}
			for pass := range slices.Chunk(order, n) {
				if len(slices.Compact(slices.Sorted(slices.Values(pass)))) != n || !slices.Equal(pass, order[:n]) {
					t.Errorf("entries come as %v", order)
				}
			}
			if want := map[bool]int{true: w.Requests, false: n}[tt.unique]; len(different) != want {
				t.Errorf("%d different prompts of %d, want %d", len(different), w.Requests, want)
			}
		})
	}
}

// Where osl is that of the recorded answer, each request has its own.
func TestAnswersAsRecorded(t *testing.T) {
	w, env := asking(t, questions(10), true)
	_, w.OSL = length.OfTexts("f", w.Dataset.Data.Digest)
	s, task := onTheWire(t, load.New(), env, stage.LoadConfig{Workload: w, Users: 3, Trial: 1, Seed: 7})
	for _, r := range rows(t, task.Dir) {
		var number int
		text, maxTokens := asked(t, s.sent[r.ID])
		if _, err := fmt.Sscanf(text[strings.Index(text, "the number "):], "the number %d?", &number); err != nil {
			t.Fatal(err)
		}
		if maxTokens != 3+number || int(r.OSLRequested) != 3+number {
			t.Errorf("question %d may have %d tokens, and its row says %d", number, maxTokens, r.OSLRequested)
		}
	}
}

// What a prompt has in common with an earlier one is in its row, where prompts are sent as they are: the beginning of those that come first, the whole
// of those that come again. What is unique has nothing.
func TestTextsInCommon(t *testing.T) {
	for _, unique := range []bool{true, false} {
		w, env := asking(t, questions(10), unique)
		_, task := onTheWire(t, load.New(), env, stage.LoadConfig{Workload: w, Users: 1, Trial: 1, Seed: 7})
		for _, r := range rows(t, task.Dir) {
			length := int32(len("This is the long beginning of each of the questions, and the same in all of them: what is the number 1?\n1 < 2 & \"3\"") / 4)
			var want int32
			switch {
			case unique || r.Index == 0:
			case r.Index < 10:
				want = length * 64 / 117 // one part of the text, with its role
			default:
				want = length
			}
			if *r.ISLShared < want-1 || *r.ISLShared > want+1 {
				t.Errorf("unique is %t: request %d has %d tokens in common with others, want %d", unique, r.Index, *r.ISLShared, want)
			}
		}
	}
}

// A warm-up repeats no prompt that is measured, even where those are sent as they are.
func TestWarmupOfTexts(t *testing.T) {
	for _, unique := range []bool{true, false} {
		w, env := asking(t, questions(10), unique)
		measured, _ := onTheWire(t, load.New(), env, stage.LoadConfig{Workload: w, Users: 3, Trial: 1, Seed: 7})
		warm, _ := onTheWire(t, warmup.New(), env, stage.WarmupConfig{Workload: w, Users: 3, Requests: 12, Seed: 7})
		begin := map[string]bool{}
		for _, body := range measured.sent {
			text, _ := asked(t, body)
			begin[strings.Fields(text)[0]] = true
		}
		if len(warm.sent) != 12 {
			t.Errorf("%d requests warm up", len(warm.sent))
		}
		for _, body := range warm.sent {
			if text, _ := asked(t, body); begin[strings.Fields(text)[0]] {
				t.Errorf("unique is %t: a measured prompt begins as this one of the warm-up: %q", unique, text)
			}
		}
	}
}

// Conversations of a file are asked turn by turn, each in the words of the file and behind what the server has answered, and no further than the
// workload wants.
func TestConversationsOfAFile(t *testing.T) {
	talk := func(system string) string {
		var all []string
		for i := range 10 {
			all = append(all, fmt.Sprintf(`{"conversations": [%s{"from": "human", "value": "First %d"}, {"from": "gpt", "value": "Recorded"}, {"from": "human", "value": "Then %d"}, {"from": "gpt", "value": "Recorded"}, {"from": "human", "value": "Never %d"}]}`, system, i, i, i))
		}
		return strings.Join(append(all, fmt.Sprintf(`{"conversations": [%s{"from": "human", "value": "First 10"}]}`, system)), "\n")
	}
	for name, tt := range map[string]struct {
		text, first, then string // of a chat, with the number for %[1]d
		unique            bool
	}{
		"chat":        {talk(`{"from": "system", "value": "S"}, `), "S\nuser: First %[1]d\n", "S\nuser: First %[1]d\nassistant: a\nuser: Then %[1]d\n", true},
		"as they are": {talk(`{"from": "system", "value": "S"}, `), "system: S\nuser: First %[1]d\n", "system: S\nuser: First %[1]d\nassistant: a\nuser: Then %[1]d\n", false},
		"completions": {talk(""), "First %[1]d", "First %[1]da\n\nThen %[1]d", true},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := asking(t, tt.text, tt.unique)
			w.Turns, w.Requests = length.Of(2), 42 // the dataset twice
			cfg := stage.LoadConfig{Workload: w, Users: 3, Trial: 1, Seed: 7}
			first, task := onTheWire(t, load.New(), env, cfg)
			again, _ := onTheWire(t, load.New(), env, cfg)
			if diff := cmp.Diff(first.sent, again.sent); diff != "" || len(first.sent) != w.Requests {
				t.Errorf("%d requests; the second load differs:\n%s", len(first.sent), diff)
			}
			asks := map[string]int{}
			for session, turns := range conversations(rows(t, task.Dir)) {
				for i, r := range turns {
					if r.Status != "ok" {
						t.Fatalf("turn %d of %d of conversation %d is %s: %s", *r.Turn, *r.Turns, session, r.Status, r.Error)
					}
					text, _ := asked(t, first.sent[r.ID])
					want := []string{tt.first, tt.then}[i]
					number := -1
					for n := range 11 {
						if strings.HasSuffix(text, strings.ReplaceAll(want, "%[1]d", fmt.Sprint(n))) {
							number = n
						}
					}
					if last := map[bool]int32{true: 1, false: 2}[number == 10]; number < 0 || *r.Turns != last || r.ISLRequested != 0 {
						t.Errorf("turn %d of %d of conversation %d asks %q", *r.Turn, *r.Turns, session, text)
					}
					if i > 0 && *r.ISLShared != *turns[i-1].ISL+*turns[i-1].OSL {
						t.Errorf("turn 2 of conversation %d begins with %d tokens that were there, want %d and %d", session, *r.ISLShared, *turns[i-1].ISL, *turns[i-1].OSL)
					}
					asks[fmt.Sprint(number, i)]++
				}
			}
			for what, n := range asks {
				if n != 2 {
					t.Errorf("%s is asked %d times, want 2", what, n)
				}
			}
		})
	}
}
