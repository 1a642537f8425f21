package length

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sessions(t *testing.T, turns Lengths, seed int64, trial int, requests int64) *Sessions {
	t.Helper()
	s, err := NewSessions(turns, seed, trial, requests)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func all(s *Sessions, most int) (found []Session) {
	for at, ok := s.Next(); ok && len(found) < most; at, ok = s.Next() {
		found = append(found, at)
	}
	return found
}

// Sessions follow each other without a gap, and have as many requests as the load.
func TestSessions(t *testing.T) {
	want := []Session{{0, 0, 4}, {1, 4, 4}, {2, 8, 2}}
	if diff := cmp.Diff(want, all(sessions(t, Of(4), 1, 1, 10), 100)); diff != "" {
		t.Errorf("ten requests of four turns (-want +got):\n%s", diff)
	}
	if got := all(sessions(t, Of(3), 1, 1, 0), 1000); len(got) != 1000 || got[999] != (Session{999, 2997, 3}) {
		t.Errorf("sessions without end: %d, the last %+v", len(got), got[len(got)-1])
	}
	drawn := Lengths{Kind: Uniform, Lo: 2, Hi: 6}
	first, count := int64(0), map[int]int{}
	for i, at := range all(sessions(t, drawn, 1, 1, 4000), 4000) {
		if at.Number != int64(i) || at.First != first || at.Turns < 1 || at.Turns > 6 {
			t.Fatalf("session %d is %+v behind %d requests", i, at, first)
		}
		first += int64(at.Turns)
		count[at.Turns]++
	}
	if first != 4000 || len(count) < 5 {
		t.Errorf("%d requests, in sessions of %v turns", first, count)
	}
	same := all(sessions(t, drawn, 1, 1, 100), 100)
	if diff := cmp.Diff(same, all(sessions(t, drawn, 1, 1, 100), 100)); diff != "" {
		t.Errorf("the same seed and trial have other sessions:\n%s", diff)
	}
	if cmp.Equal(same, all(sessions(t, drawn, 2, 1, 100), 100)) || cmp.Equal(same, all(sessions(t, drawn, 1, 2, 100), 100)) {
		t.Error("another seed or trial has the same sessions")
	}
	if _, err := NewSessions(Lengths{Kind: Dataset, Digest: "d"}, 1, 1, 1); err == nil || err.Error() != "draw turns: the dataset has no values" {
		t.Errorf("error %v", err)
	}
}

// A whole session is its last request: all prompts and all answers but the last are in its prompt.
func TestWholeSessions(t *testing.T) {
	d := draws(t, InOrder("f", "isl", "d", []int32{10, 20, 30, 40}), InOrder("f", "osl", "d", []int32{1, 2, 3, 4}), 1, 1)
	s := sessions(t, Of(3), 1, 1, 4)
	for range 2 { // it goes through them from the first, wherever they are
		input, output := s.LastRequests(d, 100)
		if diff := cmp.Diff([][]int32{{100 + 10 + 1 + 20 + 2 + 30, 100 + 40}, {3, 4}}, [][]int32{input.Values, output.Values}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		s.Next()
	}
	if got := s.MostTokens(d, 100); got != 166 {
		t.Errorf("the longest has %d tokens, want 166", got)
	}
}

// What each session has at most, by its number, shortens it, and the next one begins where it ends.
func TestSessionsAtMost(t *testing.T) {
	unbounded := sessions(t, Of(4), 1, 1, 10)
	bounded := unbounded.AtMost(func(number int64) int { return int(number) })
	if diff := cmp.Diff([]Session{{0, 0, 1}, {1, 1, 1}, {2, 2, 2}, {3, 4, 3}, {4, 7, 3}}, all(bounded, 100)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Session{{0, 0, 4}, {1, 4, 4}, {2, 8, 2}}, all(unbounded, 100)); diff != "" {
		t.Errorf("those without a bound have become others (-want +got):\n%s", diff)
	}
}
