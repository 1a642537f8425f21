package prompt

import (
	"context"
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/client"
)

// Answered is a prompt and what was answered to it.
type Answered struct {
	Prompt client.Prompt
	Text   string
	// ISL and OSL are the tokens of both, by the server's count.
	ISL, OSL int
}

// Next is a prompt that goes on from an answered one.
type Next struct {
	client.Prompt
	Before int // tokens that it begins with, of the prompt before and of the answer
	ISL    int // all that it is made to have
}

// Follow returns the prompt of an index that goes on from an answered one: what was asked, what was answered, and isl new tokens, with those that the server
// adds. Where prompts are ids the answer has those that its text is made of: a server may be asked for them, and its error returned.
func (s *Source) Follow(ctx context.Context, purpose Purpose, index int64, answered Answered, isl int) (Next, error) {
	if isl <= s.joint {
		return Next{}, s.noRoomBetween(isl)
	}
	further := s.draw(nil, purpose, s.seeded(purpose, index), isl-s.joint)
	before, made := answered.Prompt, s.render(further)
	switch {
	case s.method == TokenIDs:
		said, err := s.encode(ctx, answered.Text)
		if err != nil {
			return Next{}, fmt.Errorf("make tokens of the answer before: %w", err)
		}
		made.IDs = slices.Concat(before.IDs, said, made.IDs)
		known := s.fixed + len(before.IDs) + len(said)
		return Next{made, known, known + isl}, nil
	case s.spec.API == client.Chat:
		made.Messages = slices.Concat(messagesOf(before), []client.Message{{Role: "assistant", Content: answered.Text}, {Role: "user", Content: made.Text}})
		made.Text = ""
	default:
		made.Text = before.Text + answered.Text + " " + made.Text
	}
	known := answered.ISL + answered.OSL
	return Next{made, known, known + isl}, nil
}

// messagesOf are those that a prompt is sent as.
func messagesOf(p client.Prompt) []client.Message {
	if len(p.Messages) > 0 {
		return p.Messages
	}
	return []client.Message{{Role: "user", Content: p.Text}}
}

func (s *Source) noRoomBetween(isl int) error {
	return stage.Failf(stage.Permanent, "isl_too_small", "an isl of %d leaves no token for a turn of its own: the server adds %d to each but the first, so give isl at least %d", isl, s.joint, s.joint+1)
}

// findJoint has the server count a chat that goes on, and finds out what it adds to each turn. Elsewhere nothing stands between an answer and what follows.
func (p *preparation) findJoint(ctx context.Context) error {
	if p.spec.LeastTurn == 0 || p.spec.API != client.Chat {
		return nil
	}
	var chat client.Prompt
	known := p.fixed
	for i, role := range []string{"user", "assistant", "user"} {
		words := p.draw(nil, Probe, p.seeded(Probe, p.probes, int64(i)), probeTokens)
		for _, w := range words {
			known += w.tokens
		}
		chat.Messages = append(chat.Messages, client.Message{Role: role, Content: join(words)})
	}
	n, err := p.count(ctx, chat)
	if err != nil {
		return fmt.Errorf("a conversation of two turns: %w", err)
	}
	if n > 0 {
		p.joint = max(0, n-known)
	}
	if p.spec.LeastTurn <= p.joint {
		return p.noRoomBetween(p.spec.LeastTurn)
	}
	return nil
}
