package event

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

func TestBusNumbersEventsInTheOrderOfTheFile(t *testing.T) {
	var file bytes.Buffer
	clock := func() time.Time { return time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC) }
	bus := NewBus("r1", clock, NewLines(&file))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { bus.Emit(Event{Type: Note}) })
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSpace(file.String()), "\n")
	if len(lines) != 50 || !strings.Contains(lines[49], `"seq":50,`) {
		t.Errorf("%d lines, the last one %s", len(lines), lines[len(lines)-1])
	}
}

func TestLinesAreStable(t *testing.T) {
	var file bytes.Buffer
	clock := func() time.Time { return time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC) }
	step := addr.Step{Kind: "load", Name: "chat", Key: "a/b"}
	bus := NewBus("r1", clock, NewLines(&file))
	bus.Emit(Event{Type: StepFailed, Step: &step, Attempt: 2, Class: "permanent", Reason: "errors", Message: "every request failed"})
	want := `{"schema":1,"seq":1,"time":"2026-11-23T15:00:00Z","type":"step_failed","run":"r1","step":"load.chat[\"a/b\"]",` +
		`"attempt":2,"class":"permanent","reason":"errors","message":"every request failed"}` + "\n"
	if file.String() != want {
		t.Errorf("got  %swant %s", file.String(), want)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestLinesKeepTheFirstError(t *testing.T) {
	l := NewLines(fullDisk{})
	l.Emit(Event{Type: Note})
	l.Emit(Event{Type: Note})
	if l.Err() == nil {
		t.Error("a full disk goes unnoticed")
	}
}

func TestAReaderFollowsAFile(t *testing.T) {
	var file bytes.Buffer
	reader := NewReader(&file)
	next := func() string {
		e, _, err := reader.Next()
		if err != nil {
			return err.Error()
		}
		return e.Message
	}
	for _, step := range []struct{ write, want string }{
		{"", "EOF"},
		{`{"schema":1,"message":"one"}` + "\n" + `{"schema":1,"mess`, "one"},
		{"", "EOF"}, // the rest of the line may come
		{`age":"two"}`, "EOF"},
		{"\n", "two"},
		{"{torn\n" + `{"schema":1,"message":"four"}` + "\n", "line 3 is no event: invalid character 't' looking for beginning of object key string"},
		{"", "four"},
		{"", "EOF"},
	} {
		file.WriteString(step.write)
		if got := next(); got != step.want {
			t.Errorf("after %q: %s, want %s", step.write, got, step.want)
		}
	}
}

func TestSparseKeepsSomeProgress(t *testing.T) {
	load, other := &addr.Step{Kind: "load", Key: "a"}, &addr.Step{Kind: "load", Key: "b"}
	skip := Sparse(5 * time.Second)
	for _, step := range []struct {
		second int
		e      Event
		skip   bool
	}{
		{0, Event{Type: StepStarted, Step: load}, false},
		{0, Event{Type: StepProgress, Step: load}, false},
		{1, Event{Type: StepProgress, Step: load}, true},
		{1, Event{Type: StepProgress, Step: other}, false},
		{2, Event{Type: Note}, false},
		{5, Event{Type: StepProgress, Step: load}, false},
		{6, Event{Type: StepDone, Step: load}, false},
		{6, Event{Type: StepStarted, Step: load}, false},
		{7, Event{Type: StepProgress, Step: load}, false},
	} {
		step.e.Time = time.Date(2026, 11, 23, 15, 0, step.second, 0, time.UTC)
		if got := skip(step.e); got != step.skip {
			t.Errorf("second %d, %s: skipped %v", step.second, step.e.Type, got)
		}
	}
}

// What is used again comes by the thousand, and is written in one go with what happens next.
func TestLinesOfStepsWithoutWorkWait(t *testing.T) {
	var file strings.Builder
	lines := NewLines(&file)
	written := func() int { return strings.Count(file.String(), "\n") }
	for range 3 {
		lines.Emit(Event{Type: StepReused})
	}
	if n := written(); n != 0 {
		t.Errorf("%d lines before anything else happened", n)
	}
	lines.Emit(Event{Type: RunEnded})
	if n := written(); n != 4 || !strings.HasSuffix(file.String(), `"run_ended"}`+"\n") {
		t.Errorf("%d lines at the end\n%s", n, file.String())
	}
	for range 1000 {
		lines.Emit(Event{Type: StepSkipped, Message: strings.Repeat("x", 1000)})
	}
	if n := written(); n < 900 {
		t.Errorf("%d of 1000 lines are written: the rest takes too much memory", n-4)
	}
}
