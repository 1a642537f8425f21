package load_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/load"
)

// held are recorded conversations, of one question and more, each with an answer but for the last one of three.
func held(turns ...int) string {
	var b strings.Builder
	for i, n := range turns {
		var said []map[string]string
		for turn := range n {
			said = append(said, map[string]string{"from": "human", "value": fmt.Sprintf("Question %d of %d", turn+1, i)})
			if n != 3 || turn < 2 {
				said = append(said, map[string]string{"from": "gpt", "value": strings.Repeat("so. ", 10*(turn+1))})
			}
		}
		text, _ := json.Marshal(map[string]any{"conversations": said})
		b.Write(append(text, '\n'))
	}
	return b.String()
}

// The conversations of a dataset are asked turn by turn, as far as they go, and with the server's own answers between.
func TestRecordedConversations(t *testing.T) {
	for name, tt := range map[string]struct {
		osl  length.Lengths
		want map[int][]int // turns of a conversation by those that were recorded: how long the answers may be
	}{
		"given lengths":    {length.Of(8), map[int][]int{1: {8}, 2: {8, 8}, 3: {8, 8, 8}, 5: {8, 8, 8, 8}}},
		"recorded lengths": {length.Lengths{Kind: length.Text}, map[int][]int{1: {10}, 2: {10, 20}, 3: {10, 20}, 5: {10, 20, 30, 40}}}, // by a token for four bytes
	} {
		t.Run(name, func(t *testing.T) {
			recorded := []int{1, 2, 5, 3, 1, 5}
			w, env := asking(t, held(recorded...), false)
			w.API, w.OSL, w.Turns, w.Requests = client.Chat, tt.osl, length.Of(4), 0
			for _, n := range recorded {
				w.Requests += len(tt.want[n])
			}
			s, task := onTheWire(t, load.New(), env, stage.LoadConfig{Users: 2, Trial: 1, Seed: 7, Workload: w})
			talks := conversations(rows(t, task.Dir))
			for _, turns := range talks {
				var messages []client.Message
				var lengths []int
				for i, r := range turns {
					var body struct {
						Messages  []client.Message
						MaxTokens int `json:"max_tokens"`
					}
					if err := json.Unmarshal([]byte(s.sent[r.ID]), &body); err != nil {
						t.Fatal(err)
					}
					question := body.Messages[len(body.Messages)-1]
					if want := append(slices.Clip(messages), question); !slices.Equal(body.Messages, want) || question.Role != "user" || !strings.HasPrefix(question.Content, fmt.Sprintf("Question %d of ", i+1)) {
						t.Errorf("turn %d asks %v, want what was said, %v, and question %d", *r.Turn, body.Messages, messages, i+1)
					}
					messages = append(body.Messages, client.Message{Role: "assistant", Content: "a"})
					lengths = append(lengths, body.MaxTokens)
				}
				var of int
				if _, err := fmt.Sscanf(messages[0].Content, "Question 1 of %d", &of); err != nil || !slices.Equal(lengths, tt.want[recorded[of]]) {
					t.Errorf("conversation %d of %d turns has answers of up to %v (%v)", of, recorded[of], lengths, err)
				}
			}
			if len(talks) != len(recorded) {
				t.Errorf("%d conversations", len(talks))
			}
		})
	}
}
