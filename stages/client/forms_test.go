package client

import (
	"fmt"
	"strings"
	"testing"
)

// Each token of an answer is timed in every form in which servers send text; a token in a form that nobody
// knows is counted as unread, and never as timed.
func TestFormsOfText(t *testing.T) {
	for name, test := range map[string]struct {
		delta         string
		timed, unread int32
	}{
		"a string":             {`{"content":"a"}`, 4, 0},
		"text parts":           {`{"content":[{"type":"text","text":"a"}]}`, 4, 0},
		"output_text parts":    {`{"content":[{"type":"output_text","output_text":"a"}]}`, 4, 0},
		"refusal parts":        {`{"content":[{"type":"refusal","refusal":"a"}]}`, 4, 0},
		"thinking parts":       {`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]}]}`, 4, 0},
		"reasoning":            {`{"reasoning":"a"}`, 4, 0},
		"reasoning_content":    {`{"reasoning_content":"a"}`, 4, 0},
		"reasoning_text":       {`{"reasoning_text":"a"}`, 4, 0},
		"reasoning_details":    {`{"reasoning_details":[{"type":"reasoning.text","text":"a"}]}`, 4, 0},
		"thinking":             {`{"thinking":"a"}`, 4, 0},
		"tool-call arguments":  {`{"tool_calls":[{"function":{"arguments":"a"}}]}`, 4, 0},
		"a function call":      {`{"function_call":{"arguments":"a"}}`, 4, 0},
		"a name nobody knows":  {`{"monologue":"a"}`, 0, 4},
		"a part nobody knows":  {`{"content":[{"type":"utterance","words":"a"}]}`, 0, 4},
		"a role without words": {`{"role":"assistant"}`, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			event := fmt.Sprintf("data: {\"choices\":[{\"delta\":%s}]}\n\n", test.delta)
			usage := "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":4}}\n\n"
			server := newReplay(t, once(stream(strings.Repeat(event, 4)+aFinish+usage+theEnd)))
			row := newClient(t, server.URL).Complete(t.Context(), Request{API: Chat, Prompt: Prompt{Text: "a"}})
			if row.OSL == nil || *row.OSL != 4 || row.OSLTimed == nil || row.Unread == nil {
				t.Fatalf("%s (%s): %+v", row.Status, row.Error, row)
			}
			if *row.OSLTimed != test.timed || *row.Unread != test.unread {
				t.Errorf("%d timed, %d unread; want %d, %d", *row.OSLTimed, *row.Unread, test.timed, test.unread)
			}
		})
	}
}

// Real servers' answers have no text that is not read, and each of their tokens is timed.
func TestCapturesAreTimedInFull(t *testing.T) {
	whole := 0
	for name, want := range readings {
		if want.Status != "ok" {
			continue
		}
		whole++
		server := newReplay(t, once(capture(t, name)))
		row := newClient(t, server.URL).Complete(t.Context(), hello)
		if row.Unread == nil || *row.Unread != 0 || row.OSLTimed == nil || *row.OSLTimed != *row.OSL {
			t.Errorf("%s: %+v", name, row)
		}
	}
	if whole == 0 {
		t.Error("no capture is of a whole answer")
	}
}
