package dataset

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// The fields by which an entry is recognised.
const (
	fieldPrompt        = "prompt"
	fieldMessages      = "messages"
	fieldConversations = "conversations"
)

const (
	mostWrong = 5 // entries that are told of
	example   = `{"prompt": "…"} or {"messages": [{"role": "user", "content": "…"}]}`
	byteOrder = "\ufeff" // mark that some editors put in front
)

// Read reads a dataset from the text of its file: objects on lines, or an array of them. The error says what is wrong with the first entries that are.
func Read(path, text string) (*Dataset, error) {
	r := reader{data: &Dataset{Path: path, Digest: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}}
	if line := invalidLine(text); line > 0 {
		return nil, fmt.Errorf("%s:%d: the text is not UTF-8, as JSON is: save the file as UTF-8", path, line)
	}
	text = strings.TrimPrefix(text, byteOrder)
	switch first := strings.TrimLeft(text, " \t\r\n"); {
	case strings.HasPrefix(first, "["):
		r.array(text)
	case first != "" && first[0] != '{': // of another kind altogether: the first line says it for all
		line, _, _ := strings.Cut(first, "\n")
		r.add(1+strings.Count(text[:len(text)-len(first)], "\n"), []byte(line))
	default:
		r.lines(text)
	}
	switch d := r.data; {
	case len(r.wrong) > 0:
		return nil, errors.Join(r.wrong...)
	case len(d.Entries) == 0 && d.LeftOut > 0:
		return nil, fmt.Errorf("none of the %d conversations of %s can be asked: %s", d.LeftOut, path, d.Because)
	case len(d.Entries) == 0:
		return nil, fmt.Errorf("%s has no entries, so there is nothing to send: write %s on each line", path, example)
	}
	return r.data, nil
}

// invalidLine is the first line with bytes that are no text; 0: none. What cannot be read would be sent as something else.
func invalidLine(text string) int {
	if utf8.ValidString(text) {
		return 0
	}
	line := 1
	for at, r := range text {
		if _, size := utf8.DecodeRuneInString(text[at:]); r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
	}
	return line
}

// reader reads entries into a dataset until enough are wrong.
type reader struct {
	data  *Dataset
	wrong []error
}

// lines reads an object from each line.
func (r *reader) lines(text string) {
	for at := 1; text != "" && len(r.wrong) < mostWrong; at++ {
		var line string
		if line, text, _ = strings.Cut(text, "\n"); strings.TrimSpace(line) != "" {
			r.add(at, []byte(line))
		}
	}
}

// array reads the objects of an array.
func (r *reader) array(text string) {
	dec := json.NewDecoder(strings.NewReader(text))
	_, _ = dec.Token() // the bracket
	at, counted := 1, 0
	upTo := func(offset int) int { // counts lines as it goes
		for offset < len(text) && strings.IndexByte(" \t\r\n,", text[offset]) >= 0 {
			offset++
		}
		at, counted = at+strings.Count(text[counted:offset], "\n"), offset
		return at
	}
	for dec.More() && len(r.wrong) < mostWrong {
		line := upTo(int(dec.InputOffset()))
		var object json.RawMessage
		if err := dec.Decode(&object); err != nil {
			r.broken(line, err)
			return
		}
		r.add(line, object)
	}
	if len(r.wrong) == mostWrong {
		return
	}
	if _, err := dec.Token(); err != nil {
		r.broken(upTo(len(text)), err)
	} else if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		r.wrong = append(r.wrong, fmt.Errorf("%s:%d: there is more behind the end of the array: write one array, or an object on each line", r.data.Path, upTo(int(dec.InputOffset()))))
	}
}

// broken notes that the array is none from a line on.
func (r *reader) broken(line int, err error) {
	what := err.Error()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		what = "the file ends within it"
	}
	r.wrong = append(r.wrong, fmt.Errorf("%s:%d: the array is torn at its entry %d: %s", r.data.Path, line, len(r.data.Entries)+r.data.LeftOut+len(r.wrong)+1, what))
}

// add takes in the entry of a line.
func (r *reader) add(line int, object []byte) {
	e, without, err := parse(object)
	switch {
	case err != nil:
		r.wrong = append(r.wrong, fmt.Errorf("%s:%d: %w", r.data.Path, line, err))
	case without != "":
		if r.data.LeftOut++; r.data.LeftOut == 1 {
			r.data.Because = fmt.Sprintf("%s:%d: %s", r.data.Path, line, without)
		}
	default:
		e.Line = line
		r.data.Entries = append(r.data.Entries, e)
		if e.Answered() {
			r.data.answered++
		}
		if e.OutputTokens > 0 {
			r.data.exact++
		}
	}
}

// parse reads an entry. A conversation that is none to ask is left out, and without says why: files of recorded ones have them.
func parse(object []byte) (e Entry, without string, err error) {
	var fields struct {
		Prompt        json.RawMessage `json:"prompt"`
		Messages      json.RawMessage `json:"messages"`
		Conversations json.RawMessage `json:"conversations"`
		OutputTokens  json.RawMessage `json:"output_tokens"`
		Completion    json.RawMessage `json:"completion"`
	}
	if err := json.Unmarshal(object, &fields); err != nil {
		return e, "", notAnObject(object, err)
	}
	var given []string
	for i, raw := range []json.RawMessage{fields.Prompt, fields.Messages, fields.Conversations} {
		if isGiven(raw) {
			given = append(given, []string{fieldPrompt, fieldMessages, fieldConversations}[i])
		}
	}
	switch {
	case len(given) == 0:
		return e, "", nothingToAsk(object)
	case len(given) > 1:
		return e, "", fmt.Errorf("%q and %q exclude each other: keep the one that shall be sent", given[0], given[1])
	}
	if isGiven(fields.OutputTokens) {
		if err := json.Unmarshal(fields.OutputTokens, &e.OutputTokens); err != nil || e.OutputTokens < 1 || e.OutputTokens > length.MaxTokens {
			return e, "", fmt.Errorf(`"output_tokens" is %s, not a whole number of tokens from 1 to %d`, excerpt(fields.OutputTokens), length.MaxTokens)
		}
	}
	switch given[0] {
	case fieldPrompt:
		err = e.readPrompt(fields.Prompt, fields.Completion)
	case fieldMessages:
		err = e.readMessages(fields.Messages)
	default:
		without, err = e.readConversation(fields.Conversations)
	}
	return e, without, err
}

func isGiven(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func notAnObject(text []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && int(syntax.Offset) >= len(text) {
		return fmt.Errorf("the line ends within its object: is the file torn, or is one object on several lines? Write %s on each line", example)
	}
	return fmt.Errorf("%s is no JSON object: write %s on each line", excerpt(text), example)
}

// nothingToAsk says what an object has that has no prompt.
func nothingToAsk(object []byte) error {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(object, &all) // parse has done it before
	names := slices.Sorted(maps.Keys(all))
	for _, known := range []string{fieldPrompt, fieldMessages, fieldConversations} {
		if near := block.Suggest(known, names); near != "" && near != known {
			return fmt.Errorf("there is no %q, but %q: call it %q", known, near, known)
		}
	}
	return fmt.Errorf("there is nothing to ask%s Write %s", block.Hint("", names), example)
}

// mostExcerpt is how much of a value a message shows, in bytes.
const mostExcerpt = 40

func excerpt(text []byte) string {
	s := strings.ToValidUTF8(strings.TrimSpace(string(text[:min(len(text), mostExcerpt)])), "")
	if len(text) > mostExcerpt {
		s += "…"
	}
	return s
}
