package dataset

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// told is an entry as its users see it.
type told struct {
	Line, OutputTokens int
	Prompt             []Message
	Answer             string
}

func tell(d *Dataset) (all []told) {
	for i := range d.Entries {
		e := &d.Entries[i]
		all = append(all, told{e.Line, e.OutputTokens, e.Prompt(), e.Answer()})
	}
	return all
}

func ask(texts ...string) (all []Message) {
	for _, text := range texts {
		role, content, _ := strings.Cut(text, ": ")
		all = append(all, Message{role, content})
	}
	return all
}

func TestRead(t *testing.T) {
	for name, tt := range map[string]struct {
		text    string
		want    []told
		leftOut int
		because string
	}{
		"prompts": {
			text: "{\"prompt\": \"What is a tide?\"}\n\n{\"prompt\": \"Why?\", \"output_tokens\": 7, \"id\": 3}\r\n{\"prompt\": \"How?\", \"completion\": \"So.\", \"messages\": null}",
			want: []told{
				{Line: 1, Prompt: ask("user: What is a tide?")},
				{Line: 3, Prompt: ask("user: Why?"), OutputTokens: 7},
				{Line: 4, Prompt: ask("user: How?"), Answer: "So."},
			},
		},
		"messages": {
			text: `{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Why?"}]}` + "\n" +
				`{"messages": [{"role": "developer", "content": "Rhyme."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Bye"}]}`,
			want: []told{
				{Line: 1, Prompt: ask("system: Be brief.", "user: Hi", "assistant: Yes?", "user: Why?")},
				{Line: 2, Prompt: ask("developer: Rhyme.", "user: Hi"), Answer: "Bye"},
			},
		},
		"conversations": {
			text: "\ufeff[\n  {\"id\": \"a_0\", \"conversations\": [{\"from\": \"human\", \"value\": \"One\"}, {\"from\": \"gpt\", \"value\": \"Two\"}, {\"from\": \"human\", \"value\": \"Three\"}]},\n" +
				"  {\"id\": \"a_1\", \"conversations\": [{\"from\": \"gpt\", \"value\": \"on\"}]}, {\"conversations\": []},\n\n  {\n\"conversations\": [{\"from\": \"system\", \"value\": \"S\"}, {\"from\": \"human\", \"value\": \"Q\"}]}\n]\n",
			want: []told{
				{Line: 2, Prompt: ask("user: One"), Answer: "Two"},
				{Line: 5, Prompt: ask("system: S", "user: Q")},
			},
			leftOut: 2, because: `f:3: it begins with an answer, of "gpt"`,
		},
		"conversations on lines": {
			text:    `{"conversations": [{"role": "user", "content": "One"}, {"role": "chatgpt", "value": "Two"}]}` + "\n" + `{"conversations": [{"from": "tool", "value": "x"}]}` + "\n" + `{"conversations": [{"from": "human", "value": ""}]}`,
			want:    []told{{Line: 1, Prompt: ask("user: One"), Answer: "Two"}},
			leftOut: 2, because: `f:2: turn 1 is from "tool", who is neither human nor gpt`,
		},
		"array of prompts": {text: `[{"prompt": "a"},{"prompt": "b"}]`, want: []told{{Line: 1, Prompt: ask("user: a")}, {Line: 1, Prompt: ask("user: b")}}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Read("f", tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tell(d), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d.LeftOut != tt.leftOut || d.Because != tt.because {
				t.Errorf("%d left out: %s", d.LeftOut, d.Because)
			}
		})
	}
}

// Each mistake is told with its line, what was found there and what to do.
func TestReadErrors(t *testing.T) {
	const form = ` {"prompt": "…"} or {"messages": [{"role": "user", "content": "…"}]}`
	chat := func(messages string) string { return `{"messages": ` + messages + `}` }
	for name, tt := range map[string]struct{ text, want string }{
		"empty file":       {"", "f has no entries, so there is nothing to send: write" + form + " on each line"},
		"empty lines":      {"\n \n", "f has no entries, so there is nothing to send: write" + form + " on each line"},
		"empty array":      {"[]", "f has no entries, so there is nothing to send: write" + form + " on each line"},
		"torn line":        {"{\"prompt\": \"a\"}\n{\"prompt\": \"b", "f:2: the line ends within its object: is the file torn, or is one object on several lines? Write" + form + " on each line"},
		"no JSON":          {"What is a tide?", "f:1: What is a tide? is no JSON object: write" + form + " on each line"},
		"a list on a line": {"{\"prompt\": \"a\"}\n[\"b\"]", `f:2: ["b"] is no JSON object: write` + form + " on each line"},
		"torn array":       {"[\n{\"prompt\": \"a\"},\n{\"prompt\": \"b\"", "f:3: the array is torn at its entry 2: the file ends within it"},
		"open array":       {"[\n{\"prompt\": \"a\"}\n", "f:3: the array is torn at its entry 2: the file ends within it"},
		"missing comma":    {"[{\"prompt\": \"a\"}\n{\"prompt\": \"b\"}]", "f:2: the array is torn at its entry 2: expected comma after array element"},
		"behind the array": {"[{\"prompt\": \"a\"}]\n[]", "f:2: there is more behind the end of the array: write one array, or an object on each line"},
		"text in an array": {"[\n\"a\"]", `f:2: "a" is no JSON object: write` + form + " on each line"},
		"other names":      {`{"question": "a", "id": 3}`, "f:1: there is nothing to ask. There is id, question. Write" + form},
		"misspelt":         {`{"promt": "a"}`, `f:1: there is no "prompt", but "promt": call it "prompt"`},
		"Latin-1":          {"{\"prompt\": \"\u00e4\"}\n{\"prompt\": \"caf\xe9\"}", "f:2: the text is not UTF-8, as JSON is: save the file as UTF-8"},
		"UTF-16":           {"\xff\xfe{\x00\"\x00", "f:1: the text is not UTF-8, as JSON is: save the file as UTF-8"},
		"two forms":        {`{"prompt": "a", "messages": []}`, `f:1: "prompt" and "messages" exclude each other: keep the one that shall be sent`},
		"prompt of ids":    {`{"prompt": [1, 2]}`, "f:1: prompt is a list, [1, 2], and only text can be sent: write one string"},
		"number":           {`{"prompt": 7}`, "f:1: prompt is 7, not a text"},
		"empty prompt":     {`{"prompt": ""}`, "f:1: prompt is empty: give it a text, or take the entry out"},
		"completion":       {`{"prompt": "a", "completion": {}}`, "f:1: completion is {}, not a text"},
		"no tokens":        {`{"prompt": "a", "output_tokens": 0}`, `f:1: "output_tokens" is 0, not a whole number of tokens from 1 to 2147483647`},
		"half a token":     {`{"prompt": "a", "output_tokens": 1.5}`, `f:1: "output_tokens" is 1.5, not a whole number of tokens from 1 to 2147483647`},
		"no list":          {chat(`"hi"`), `f:1: "messages" is "hi", not a list of {"role": "…", "content": "…"}`},
		"no messages":      {chat(`[]`), `f:1: "messages" has none of the user, so there is nothing to answer`},
		"no role":          {chat(`[{"content": "a"}]`), `f:1: message 1 has no "role": it is "system", "user" or "assistant"`},
		"unknown role":     {chat(`[{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]`), `f:1: message 2 has the role "tool", and only "system", "user" and "assistant" can be sent`},
		"no content":       {chat(`[{"role": "user"}]`), `f:1: message 1 has no "content"`},
		"parts":            {chat(`[{"role": "user", "content": [{"type": "image_url"}]}]`), `f:1: the "content" of message 1 is a list, [{"type": "image_url"}], and only text can be sent: write one string`},
		"answer first":     {chat(`[{"role": "system", "content": "s"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]`), `f:1: message 2 is of the assistant before any of the user: a chat begins with the user, behind what the system says`},
		"two answers":      {chat(`[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "assistant", "content": "c"}]`), `f:1: message 3 is of the assistant: behind the last of the user there is nothing but one answer of the assistant`},
		"system last":      {chat(`[{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]`), `f:1: message 2 is of the system: behind the last of the user there is nothing but one answer of the assistant`},
		"no conversation":  {`{"conversations": {}}`, `f:1: "conversations" is {}, not a list of {"from": "human", "value": "…"}`},
		"no value":         {`{"conversations": [{"from": "human", "markdown": "a"}]}`, `f:1: turn 1 has no "from" or no "value": write {"from": "human", "value": "…"}`},
		"nothing asked":    {`{"conversations": []}`, "none of the 1 conversations of f can be asked: f:1: it has no question"},
		"all of them":      {"{}\n{\"prompt\": \"a\"}\n{\"prompt\": 1}", "f:1: there is nothing to ask. Write" + form + "\nf:3: prompt is 1, not a text"},
		"the first five":   {strings.Repeat("{}\n", 9), strings.TrimSuffix(fmt.Sprintf(strings.Repeat("f:%d: there is nothing to ask. Write"+form+"\n", 5), 1, 2, 3, 4, 5), "\n")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read("f", tt.text)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTurns(t *testing.T) {
	d, err := Read("f", `{"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}, {"from": "gpt", "value": "b"}, {"from": "human", "value": "C"}, {"from": "human", "value": "c"}]}
{"messages": [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}, {"role": "user", "content": "C"}, {"role": "assistant", "content": "D"}]}
{"prompt": "A"}`)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]Turn{
		{{Ask: ask("system: S", "user: A"), Answer: "B\nb"}, {Ask: ask("user: C", "user: c")}},
		{{Ask: ask("user: A"), Answer: "B"}, {Ask: ask("user: C"), Answer: "D"}},
		{{Ask: ask("user: A")}},
	}
	for i := range d.Entries {
		if diff := cmp.Diff(want[i], d.Entries[i].Turns()); diff != "" {
			t.Errorf("entry %d (-want +got):\n%s", i, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"{\"prompt\": \"a\"}\n{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}",
		`[{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}, {}]`, `[{"prompt"`, "[", "\ufeff[]]",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Read("f", text)
		if (d == nil) == (err == nil) {
			t.Fatalf("%v, %v", d, err)
		}
		if d == nil {
			return
		}
		last := 1
		for i := range d.Entries {
			e := &d.Entries[i]
			turns := e.Turns()
			if len(e.Prompt()) == 0 || len(turns) == 0 || e.Line < last || e.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("entry %d of line %d, after %d: %v, %v", i, e.Line, last, e.Prompt(), turns)
			}
			last = e.Line
			for _, turn := range turns {
				if len(turn.Ask) == 0 {
					t.Fatalf("a turn of entry %d asks nothing: %v", i, turns)
				}
			}
		}
	})
}
