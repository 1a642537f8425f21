package prompt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/client"
)

// A conversation of four turns has, in each prompt, all that was said before, and in the server's count as many new tokens as were asked for.
func TestFollow(t *testing.T) {
	for _, test := range []struct {
		name   string
		api    string
		server server
		method Method
		joint  int
	}{
		{"token ids", client.Completions, server{}, TokenIDs, 0},
		{"token ids with a first one", client.Completions, server{first: 1}, TokenIDs, 0},
		{"text", client.Completions, server{noIDs: true, added: 1}, Tokenize, 0},
		{"text by usage", client.Completions, server{noTokenize: true, added: 1}, Usage, 0},
		{"chat", client.Chat, server{added: 5, between: 3}, Tokenize, 6},
		{"chat, some words of two tokens", client.Chat, server{added: 5, between: 3, long: map[int]int{6: 2}}, Tokenize, 6},
		{"chat by usage", client.Chat, server{noTokenize: true, added: 5, between: 3}, Usage, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := test.server
			source := prepare(t, &server, Spec{API: test.api, Shortest: 64, Longest: 64, LeastTurn: 30, Seed: 1, Scope: "a"})
			if fit := source.Fit(); fit.Method != test.method || fit.JointTokens != test.joint || !fit.Exact {
				t.Errorf("fit %+v, want %s and %d tokens between", fit, test.method, test.joint)
			}
			asked, err := source.At(Measure, 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			answer := " " + strings.TrimSpace(strings.Repeat("so it is ", 9))
			for turn := int64(1); turn < 4; turn++ {
				before, said := server.count(asked), len(server.encode(answer))
				next, err := source.Follow(t.Context(), Measure, turn, Answered{Prompt: asked, Text: answer, ISL: before, OSL: said}, 30+int(turn))
				if err != nil {
					t.Fatal(err)
				}
				if n := server.count(next.Prompt); n != next.ISL || next.Before != before+said || n != before+said+30+int(turn) {
					t.Errorf("turn %d: the server counts %d, want %d behind %d (%+v)", turn, n, 30+int(turn), before+said, next)
				}
				if !continues(asked, next.Prompt, answer) {
					t.Errorf("turn %d: %+v does not go on from %+v", turn, next.Prompt, asked)
				}
				again, _ := source.Follow(t.Context(), Measure, turn, Answered{Prompt: asked, Text: answer, ISL: before, OSL: said}, 30+int(turn))
				if diff := cmp.Diff(next, again); diff != "" {
					t.Errorf("turn %d: another prompt the second time:\n%s", turn, diff)
				}
				asked = next.Prompt
			}
		})
	}
}

// continues reports whether a prompt begins with another one and the answer to it.
func continues(before, next client.Prompt, answer string) bool {
	if len(before.IDs) > 0 {
		return len(next.IDs) > len(before.IDs) && cmp.Equal(before.IDs, next.IDs[:len(before.IDs)])
	}
	if messages := messagesOf(before); len(next.Messages) > 0 {
		n := len(messages)
		return cmp.Equal(messages, next.Messages[:n]) && next.Messages[n] == client.Message{Role: "assistant", Content: answer} && next.Messages[n+1].Role == "user"
	}
	return strings.HasPrefix(next.Text, before.Text+answer+" ")
}

func TestNoRoomForATurn(t *testing.T) {
	want := "prepare prompts: an isl of 6 leaves no token for a turn of its own: the server adds 6 to each but the first, so give isl at least 7"
	_, err := Prepare(t.Context(), &server{added: 5, between: 3}, Spec{API: client.Chat, Shortest: 64, Longest: 64, LeastTurn: 6, Seed: 1})
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	source := prepare(t, &server{added: 5, between: 3}, Spec{API: client.Chat, Shortest: 64, Longest: 64, LeastTurn: 7, Seed: 1})
	if _, err := source.Follow(t.Context(), Measure, 1, Answered{}, 6); err == nil || "prepare prompts: "+err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// Where prompts are ids an answer's have to be found out, and a server that cannot say them fails the turn.
func TestFollowWithoutTokens(t *testing.T) {
	server := server{}
	source := prepare(t, &server, Spec{API: client.Completions, Shortest: 64, Longest: 64, LeastTurn: 30, Seed: 1})
	server.noTokenize = true
	_, err := source.Follow(t.Context(), Measure, 1, Answered{Text: "a"}, 30)
	if err == nil || err.Error() != "make tokens of the answer before: tokenize: the server does not offer this" {
		t.Errorf("error %v", err)
	}
}
