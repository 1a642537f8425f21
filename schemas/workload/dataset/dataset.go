// Package dataset is the prompts of a file, which are sent as they are, in place of words that are drawn.
//
// Its invariant: every entry asks something, a dataset is known by its content, and which entry a request is made of follows from the seed, the trial and
// the request's index alone.
package dataset

import (
	"fmt"
	"slices"
	"sync"
)

// Message is one of a chat.
type Message struct {
	Role    string // "system", "developer", "user" or "assistant"
	Content string
}

// Dataset is what was read of a file. Its entries are never written to.
type Dataset struct {
	Path    string // from the suite's folder
	Digest  string // sha256 of the file's content, in hexadecimal
	Entries []Entry
	LeftOut int    // conversations that ask nothing that can be sent
	Because string // of the first of them, with its place; empty where there is none

	answered, exact int // entries whose answer has a length, and those of which the file says it

	mu     sync.Mutex
	counts map[string]*Counts
}

// Entry is one prompt, or one conversation.
type Entry struct {
	Line         int // of the file, from 1, that it begins on
	Messages     []Message
	OutputTokens int // that its answer had, where the file says so; 0: it does not

	asked int // so many of the messages are the prompt
}

// Prompt is what one request asks: of a prompt its text, of messages all up to the last of the user, of a conversation all up to its first answer.
func (e *Entry) Prompt() []Message { return e.Messages[:e.asked:e.asked] }

// Answer is what was answered to the prompt; empty where that was not recorded.
func (e *Entry) Answer() string {
	if e.asked == len(e.Messages) {
		return ""
	}
	return e.Messages[e.asked].Content
}

// Answered reports whether it is known how long the answer to the prompt was, to whoever can count the tokens of a text.
func (e *Entry) Answered() bool { return e.OutputTokens > 0 || e.Answer() != "" }

// FrontWords is how many drawn words stand in front of a prompt that is to be unique: enough that two prompts of a load have the same with a chance of
// one in a billion.
const FrontWords = 8

// Bytes is the length of messages' texts. They have no more tokens than bytes, but for the one that some tokenizers begin a text with.
func Bytes(messages []Message) (n int) {
	for _, m := range messages {
		n += len(m.Content) + 1
	}
	return n
}

// Turn is a question of a conversation and what was answered to it.
type Turn struct {
	Ask    []Message // those of the user, behind those of the system
	Answer string    // empty where it was not recorded: of a last question
	OSL    int       // its length in tokens, where Draws.Steps has it counted
}

// Turns are those of the whole conversation, in order and at least one.
func (e *Entry) Turns() []Turn {
	var turns []Turn
	begin := 0
	for i, m := range e.Messages {
		switch {
		case m.Role != assistant:
		case begin < i:
			turns = append(turns, Turn{Ask: e.Messages[begin:i:i], Answer: m.Content})
			begin = i + 1
		default: // an answer that goes on
			turns[len(turns)-1].Answer += "\n" + m.Content
			begin = i + 1
		}
	}
	if begin < len(e.Messages) {
		turns = append(turns, Turn{Ask: e.Messages[begin:]})
	}
	return turns
}

// Converses reports whether anybody asks a second question in the dataset.
func (d *Dataset) Converses() bool {
	return slices.ContainsFunc(d.Entries, func(e Entry) bool { return len(e.Turns()) > 1 })
}

// Chat returns the first entry whose prompt is more than one text; nil: none, so that completions can be asked for all of them.
func (d *Dataset) Chat() *Entry {
	for i := range d.Entries {
		if d.Entries[i].asked > 1 {
			return &d.Entries[i]
		}
	}
	return nil
}

// Answered is how many entries are, and of how many the file says how many tokens the answers had.
func (d *Dataset) Answered() (all, exact int) { return d.answered, d.exact }

// Library holds datasets by their digests. A configuration names a dataset by its digest, so that many cells share one copy and none can come to
// read a file that has changed since the suite was read.
type Library map[string]*Dataset

// Add keeps the dataset of a use; nil is none.
func (l Library) Add(u *Use) {
	if u != nil {
		l[u.Data.Digest] = u.Data
	}
}

// Resolve returns a use as it was before it went through JSON.
func (l Library) Resolve(u Use) (*Use, error) {
	data, known := l[u.Data.Digest]
	if !known {
		return nil, fmt.Errorf("the dataset with sha256 %s is not at hand", u.Data.Digest)
	}
	u.Data = data
	return &u, nil
}
