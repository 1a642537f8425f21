package dataset

import (
	"encoding/json"
	"fmt"
)

// The roles of messages.
const (
	system    = "system"
	developer = "developer"
	user      = "user"
	assistant = "assistant"
)

// readPrompt reads the text of one question, and the one that answered it.
func (e *Entry) readPrompt(prompt, completion json.RawMessage) error {
	text, err := textOf(fieldPrompt, prompt)
	if err != nil {
		return err
	}
	e.Messages, e.asked = []Message{{user, text}}, 1
	if !isGiven(completion) {
		return nil
	}
	answer, err := textOf("completion", completion)
	e.Messages = append(e.Messages, Message{assistant, answer})
	return err
}

// textOf reads a text that is not empty.
func textOf(what string, raw json.RawMessage) (string, error) {
	var text string
	switch err := json.Unmarshal(raw, &text); {
	case err != nil && raw[0] == '[':
		return "", fmt.Errorf("%s is a list, %s, and only text can be sent: write one string", what, excerpt(raw))
	case err != nil:
		return "", fmt.Errorf("%s is %s, not a text", what, excerpt(raw))
	case text == "":
		return "", fmt.Errorf("%s is empty: give it a text, or take the entry out", what)
	}
	return text, nil
}

// readMessages reads a chat as a request has it. What the assistant says last is the answer to it.
func (e *Entry) readMessages(raw json.RawMessage) error {
	var all []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf(`"messages" is %s, not a list of {"role": "…", "content": "…"}`, excerpt(raw))
	}
	begun := false
	for i, m := range all {
		which := fmt.Sprintf("message %d", i+1)
		switch m.Role {
		case system, developer:
		case user:
			begun, e.asked = true, i+1
		case assistant:
			if !begun {
				return fmt.Errorf("%s is of the assistant before any of the user: a chat begins with the user, behind what the system says", which)
			}
		case "":
			return fmt.Errorf(`%s has no "role": it is "system", "user" or "assistant"`, which)
		default:
			return fmt.Errorf(`%s has the role %q, and only "system", "user" and "assistant" can be sent`, which, m.Role)
		}
		if len(m.Content) == 0 {
			return fmt.Errorf(`%s has no "content"`, which)
		}
		content, err := textOf(fmt.Sprintf(`the "content" of %s`, which), m.Content)
		if err != nil {
			return err
		}
		e.Messages = append(e.Messages, Message{m.Role, content})
	}
	switch behind := e.Messages[e.asked:]; {
	case !begun:
		return fmt.Errorf(`"messages" has none of the user, so there is nothing to answer`)
	case len(behind) > 1 || len(behind) == 1 && behind[0].Role != assistant:
		return fmt.Errorf("message %d is of the %s: behind the last of the user there is nothing but one answer of the assistant", len(e.Messages), behind[len(behind)-1].Role)
	}
	return nil
}

// speaker is the role of who speaks in a conversation of ShareGPT; empty for others.
func speaker(from string) string {
	switch from {
	case "human", user:
		return user
	case "gpt", assistant, "chatgpt", "bing", "bard", "model":
		return assistant
	case system:
		return system
	}
	return ""
}

// readConversation reads a recorded conversation. Its first question is the prompt.
func (e *Entry) readConversation(raw json.RawMessage) (without string, err error) {
	var all []struct {
		From    string  `json:"from"`
		Role    string  `json:"role"` // as some files call it
		Value   *string `json:"value"`
		Content *string `json:"content"` // likewise
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return "", fmt.Errorf(`"conversations" is %s, not a list of {"from": "human", "value": "…"}`, excerpt(raw))
	}
	begun := false
	for i, m := range all {
		from, value := m.From+m.Role, m.Value
		if value == nil {
			value = m.Content
		}
		if from == "" || value == nil {
			return "", fmt.Errorf(`turn %d has no "from" or no "value": write {"from": "human", "value": "…"}`, i+1)
		}
		role := speaker(from)
		switch {
		case role == "":
			return fmt.Sprintf("turn %d is from %q, who is neither human nor gpt", i+1, from), nil
		case role == assistant && !begun:
			return fmt.Sprintf("it begins with an answer, of %q", from), nil
		case role == user && *value == "" && e.asked == 0:
			return "its first question is empty", nil
		case role == assistant && e.asked == 0:
			e.asked = i
		}
		begun = begun || role == user
		e.Messages = append(e.Messages, Message{role, *value})
	}
	if !begun {
		return "it has no question", nil
	}
	if e.asked == 0 {
		e.asked = len(e.Messages)
	}
	return "", nil
}
