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
