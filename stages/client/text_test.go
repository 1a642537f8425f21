package client

import (
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// A conversation goes on from what an answer says: its content alone, whole across the chunks that it came in.
func TestSendForText(t *testing.T) {
	chunk := func(delta string) string { return `data: {"choices":[{"delta":` + delta + `}]}` + "\n\n" }
	for name, test := range map[string]struct{ body, status, want string }{
		"chat":        {chunk(`{"role":"assistant","content":""}`) + chunk(`{"content":"a \"b\""}`) + chunk(`{"content":"\n\u00e9"}`) + chunk(`{"content":"é"}`), "ok", "a \"b\"\néé"},
		"completions": {`data: {"choices":[{"text":" a"}]}` + "\n\n" + `data: {"choices":[{"text":" b"}]}` + "\n\n", "ok", " a b"},
		"reasoning":   {chunk(`{"reasoning_content":"hm"}`) + chunk(`{"reasoning_content":"hm","content":"x"}`) + chunk(`{"content":"y"}`), "ok", "xy"},
		"a pair of surrogates": {
			chunk(`{"content":"\ud83d\ude00"}`), "ok", "😀",
		},
		"a call of a tool": {chunk(`{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}`) + chunk(`{"content":"x"}`), "ok", "x"},
		"nothing":          {"", "empty", ""},
	} {
		t.Run(name, func(t *testing.T) {
			body := test.body + aFinish + theEnd
			if test.status != "ok" {
				body = test.body
			}
			server := newReplay(t, once(stream(body)))
			c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL, Model: "m"}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			call, err := c.Encode(Request{API: Chat, Prompt: Prompt{Text: "a"}})
			if err != nil {
				t.Fatal(err)
			}
			row, _, text := c.SendForText(t.Context(), call, 0, nil)
			if row.Status != test.status || text != test.want {
				t.Errorf("%s (%s): %q, want %q", row.Status, row.Error, text, test.want)
			}
		})
	}
}
