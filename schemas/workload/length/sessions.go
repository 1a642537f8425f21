package length

import "fmt"

// Session is a conversation of a load: requests of which each goes on from the ones before.
type Session struct {
	Number int64 // from 0
	First  int64 // index of its first request; the others follow it
	Turns  int   // requests
}

// Sessions are the conversations of one trial, one after another. How many turns each has follows from the suite's seed, the trial and its number.
// Together they have as many requests as the load sends, so that the last one may be shorter than it was drawn.
type Sessions struct {
	turns    source
	requests int64                  // 0: without end
	most     func(number int64) int // turns that a session has; nil: as many as are drawn
	next     Session
}

// NewSessions returns the sessions of a load of so many requests, or without end where that is 0. A dataset must have its values.
func NewSessions(turns Lengths, seed int64, trial int, requests int64) (*Sessions, error) {
	if turns.Kind == Dataset && len(turns.Values) == 0 {
		return nil, fmt.Errorf("draw turns: the dataset has no values")
	}
	return &Sessions{turns: newSource(turns, "turns", seed, trial), requests: requests}, nil
}

// AtMost returns the same sessions with no more turns than most says of each, by its number, and at least one.
func (s *Sessions) AtMost(most func(number int64) int) *Sessions {
	bounded := *s
	bounded.most = most
	return &bounded
}

// Next returns the next session, and false behind the last.
func (s *Sessions) Next() (Session, bool) {
	left := s.requests - s.next.First
	if s.requests > 0 && left <= 0 {
		return Session{}, false
	}
	at := s.next
	at.Turns = s.turns.at(at.Number)
	if s.most != nil {
		at.Turns = max(1, min(at.Turns, s.most(at.Number)))
	}
	if s.requests > 0 {
		at.Turns = min(at.Turns, int(left))
	}
	s.next = Session{Number: at.Number + 1, First: at.First + int64(at.Turns)}
	return at, true
}

// foreseen returns the same sessions from the first one on, as many as a load can be expected to have.
func (s *Sessions) foreseen() *Sessions {
	ahead := *s
	ahead.next = Session{}
	if ahead.requests == 0 {
		ahead.requests = foreseen
	}
	return &ahead
}

// LastRequests are the sessions told by what each has become in the end: the tokens of its last prompt, which all before it are a part of, and those of the
// answer to it. Requests have the lengths of their indices in d, of which an input is what is new in a prompt; before the first, so many more are shared.
func (s *Sessions) LastRequests(d *Draws, shared int) (input, output Lengths) {
	var inputs, outputs []int32
	ahead := s.foreseen()
	for at, ok := ahead.Next(); ok; at, ok = ahead.Next() {
		asked, answered := shared, 0
		for turn := range int64(at.Turns) {
			isl, osl := d.At(at.First + turn)
			asked += answered + isl
			answered = osl
		}
		inputs, outputs = append(inputs, int32(min(asked, MaxTokens))), append(outputs, int32(answered))
	}
	return InOrder("sessions", "isl", "", inputs), InOrder("sessions", "osl", "", outputs)
}

// MostTokens is what the longest session comes to in the end, its prompt and its answer together.
func (s *Sessions) MostTokens(d *Draws, shared int) int {
	most := 0
	input, output := s.LastRequests(d, shared)
	for i := range input.Values {
		most = max(most, int(input.Values[i])+int(output.Values[i]))
	}
	return most
}
