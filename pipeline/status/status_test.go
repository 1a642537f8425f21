package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func at(kind, key string) addr.Step { return addr.Step{Kind: kind, Name: "b", Key: key} }

// fixture is a run of one deployment and four cells, whose files a test writes.
type fixture struct {
	t     *testing.T
	root  string
	dir   string
	lines strings.Builder
	seq   int64
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t, root: t.TempDir()}
	f.dir = filepath.Join(f.root, "run-1")
	p := plan.Plan{Schema: plan.Schema, Suite: "s"}
	add := func(kind, key string, action plan.Action, expected time.Duration) {
		p.Steps = append(p.Steps, plan.Step{Address: at(kind, key), Action: action, Deployment: at("deploy", "d"), Expected: stage.Duration(expected)})
	}
	add("deploy", "d", plan.Run, 5*time.Minute)
	add("load", "c0", plan.Reuse, 0)
	add("fetch-power", "c0", plan.Reuse, 0)
	for _, cell := range []string{"c1", "c2", "c3"} {
		add("load", cell, plan.Run, 10*time.Minute)
		add("fetch-power", cell, plan.Run, 15*time.Second)
	}
	add("teardown", "d", plan.Run, 0)
	text, err := json.Marshal(p)
	must(t, err, os.MkdirAll(f.dir, 0o755), os.WriteFile(filepath.Join(f.dir, "plan.json"), text, 0o644))
	f.manifest(run.StatusRunning, nil, nil)
	return f
}

func (f *fixture) manifest(state string, ended *time.Time, code *int) {
	must(f.t, run.Manifest{ID: "run-1", Suite: "s", Started: noon, Status: state, Ended: ended, ExitCode: code}.Write(f.dir))
}

// emit writes events that happen so long after the run's start.
func (f *fixture) emit(after time.Duration, e event.Event, kind, key string) {
	f.seq++
	step := at(kind, key)
	e.Schema, e.Seq, e.Time, e.Run, e.Step = 1, f.seq, noon.Add(after), "run-1", &step
	line, err := json.Marshal(e)
	must(f.t, err)
	f.lines.Write(append(line, '\n'))
	must(f.t, os.WriteFile(filepath.Join(f.dir, "events.jsonl"), []byte(f.lines.String()), 0o644))
}

// inTheMiddle is a run whose first load took half as long as expected, whose second one failed and whose third one is a quarter done.
func (f *fixture) inTheMiddle() {
	f.emit(0, event.Event{Type: event.StepReused}, "load", "c0")
	f.emit(0, event.Event{Type: event.StepReused}, "fetch-power", "c0")
	f.emit(0, event.Event{Type: event.StepStarted, Attempt: 1}, "deploy", "d")
	f.emit(time.Minute, event.Event{Type: event.StepDone, Seconds: 60}, "deploy", "d")
	f.emit(time.Minute, event.Event{Type: event.StepStarted, Attempt: 1}, "load", "c1")
	f.emit(6*time.Minute, event.Event{Type: event.StepDone, Attempt: 1, Seconds: 300}, "load", "c1")
	f.emit(6*time.Minute, event.Event{Type: event.StepDone, Attempt: 1, Seconds: 1}, "fetch-power", "c1")
	f.emit(6*time.Minute, event.Event{Type: event.StepStarted, Attempt: 1}, "load", "c2")
	f.emit(7*time.Minute, event.Event{Type: event.StepFailed, Attempt: 1, Class: "permanent", Reason: "errors", Message: "every request failed"}, "load", "c2")
	f.emit(7*time.Minute, event.Event{Type: event.StepBlocked, Class: "permanent", Reason: "errors", Message: "x"}, "fetch-power", "c2")
	f.emit(7*time.Minute, event.Event{Type: event.StepStarted, Attempt: 1}, "load", "c3")
	f.emit(8*time.Minute, event.Event{Type: event.StepProgress, Done: 50, Total: 200, Figures: map[string]any{"in_flight": 8}}, "load", "c3")
}

func (f *fixture) hold() {
	lease, err := journal.Acquire(context.Background(), journal.LeaseConfig{Dir: f.root, Run: "run-1", Now: time.Now})
	must(f.t, err)
	f.t.Cleanup(func() { must(f.t, lease.Release()) })
	j, err := journal.Open(journal.Config{Path: filepath.Join(f.root, "journal.jsonl"), Run: "run-1", Now: func() time.Time { return noon }})
	must(f.t, err, j.Intend(stage.Record{Address: at("deploy", "d"), Token: "ix-1", Deadline: noon.Add(time.Hour)}), j.Created("ix-1", "pid 7"), j.Mark("ix-1", journal.Ready), j.Close())
}

func read(t *testing.T, dir string, now time.Time) Status {
	t.Helper()
	s, err := Read(dir, now)
	must(t, err)
	return s
}

func TestARunInProgress(t *testing.T) {
	f := newFixture(t)
	f.hold()
	f.inTheMiddle()
	now := noon.Add(8 * time.Minute)
	s := read(t, f.dir, now)
	if s.State != run.StatusRunning || s.Seconds != 480 || s.Holder == nil || !s.Holder.Alive || s.Holder.PID != os.Getpid() {
		t.Errorf("state %s, %g s, holder %+v", s.State, s.Seconds, s.Holder)
	}
	if diff := cmp.Diff(Cells{Total: 4, Measured: 1, Reused: 1, Running: 1, Missing: 1}, s.Cells); diff != "" {
		t.Error(diff)
	}
	if len(s.Running) != 1 || s.Running[0].Address != at("load", "c3") || s.Running[0].Done != 50 || s.Running[0].Attempt != 1 {
		t.Errorf("running %+v", s.Running)
	}
	if len(s.Failed) != 1 || s.Failed[0].Message != "every request failed" || s.Failed[0].Reason != "errors" {
		t.Errorf("failed %+v", s.Failed)
	}
	want := []Resource{{Address: at("deploy", "d"), Token: "ix-1", ID: "pid 7", State: journal.Ready, Run: "run-1", AgeSeconds: 480, Deadline: new(noon.Add(time.Hour))}}
	if diff := cmp.Diff(want, s.Resources); diff != "" {
		t.Error(diff)
	}
	// A quarter of it took a minute, so that three are left; its power is expected to take 15 s, at the pace of loads 7.5 s.
	if got := *s.RemainingSeconds; got < 187 || got > 188 {
		t.Errorf("%g s are left", got)
	}
}

// A load of so much time has no total, and says itself how long it will take.
func TestALoadOfSoMuchTime(t *testing.T) {
	f := newFixture(t)
	f.hold()
	f.inTheMiddle()
	whole := *read(t, f.dir, noon.Add(8*time.Minute)).RemainingSeconds
	f.emit(8*time.Minute, event.Event{Type: event.StepProgress, Done: 50, Figures: map[string]any{"eta_s": 120.0}}, "load", "c3")
	f.emit(8*time.Minute, event.Event{Type: event.StepProgress, Done: 50, Figures: map[string]any{"eta_s": 20.0}}, "load", "c3")
	if got := *read(t, f.dir, noon.Add(8*time.Minute)).RemainingSeconds; math.Abs(got-(whole-180+20)) > 1e-9 { // 50 of 200 in a minute leave three
		t.Errorf("%v s left, and %v s by a total", got, whole)
	}
}

func TestTheRestGoesAtThePaceSoFar(t *testing.T) {
	f := newFixture(t)
	f.hold()
	f.emit(0, event.Event{Type: event.StepDone, Seconds: 60}, "deploy", "d")
	s := read(t, f.dir, noon)
	if got, want := *s.RemainingSeconds, 3*600+3*15.; got != want {
		t.Errorf("before the first load: %g s, want %g", got, want)
	}
	f.emit(20*time.Minute, event.Event{Type: event.StepDone, Seconds: 1200}, "load", "c1")
	f.emit(20*time.Minute, event.Event{Type: event.StepDone, Seconds: 1}, "fetch-power", "c1")
	if got, want := *read(t, f.dir, noon).RemainingSeconds, 2*(2*600+2*15.); got != want {
		t.Errorf("after one that took twice as long: %g s, want %g", got, want)
	}
}

func TestADeadRun(t *testing.T) {
	f := newFixture(t)
	f.inTheMiddle()
	s := read(t, f.dir, noon.Add(24*time.Hour))
	if s.State != run.StatusDied || s.Seconds != 480 || s.RemainingSeconds != nil || len(s.Running) != 0 {
		t.Errorf("state %s after %g s, %d running", s.State, s.Seconds, len(s.Running))
	}
	if diff := cmp.Diff(Cells{Total: 4, Measured: 1, Reused: 1, Missing: 2}, s.Cells); diff != "" {
		t.Error(diff)
	}
	if over, err := Over(f.dir, noon); !over || err != nil {
		t.Errorf("over: %v %v", over, err)
	}
}

func TestARunThatIsOver(t *testing.T) {
	f := newFixture(t)
	f.inTheMiddle()
	f.manifest("timed out", new(noon.Add(9*time.Minute)), new(6))
	s := read(t, f.dir, noon.Add(24*time.Hour))
	if s.State != "timed out" || s.Seconds != 540 || *s.ExitCode != 6 || s.Steps[run.Done] != 3 || s.Steps[run.Canceled] != 3 {
		t.Errorf("%s after %g s, steps %v", s.State, s.Seconds, s.Steps)
	}
}

func TestATornLineOfEventsIsNoTrouble(t *testing.T) {
	f := newFixture(t)
	f.hold()
	f.inTheMiddle()
	path := filepath.Join(f.dir, "events.jsonl")
	whole := f.lines.String()
	for _, tc := range []struct {
		text     string
		warnings int
	}{
		{whole[:len(whole)-20], 0},
		{whole + `{"schema":1,"se`, 0},
		{strings.Replace(whole, `{"schema"`, `{"sche`, 1), 1},
		{"", 0},
	} {
		must(t, os.WriteFile(path, []byte(tc.text), 0o644))
		s := read(t, f.dir, noon)
		if len(s.Warnings) != tc.warnings {
			t.Errorf("warnings %v", s.Warnings)
		}
		if tc.warnings > 0 && !strings.Contains(s.Warnings[0], "line 1 is no event") {
			t.Errorf("warning %q", s.Warnings[0])
		}
	}
	must(t, os.Remove(path))
	if s := read(t, f.dir, noon); s.Cells.Waiting != 4 || len(s.Warnings) != 0 {
		t.Errorf("before its first event: %+v %v", s.Cells, s.Warnings)
	}
}

func TestNoRun(t *testing.T) {
	_, err := Read(t.TempDir(), noon)
	if err == nil || !strings.HasPrefix(err.Error(), "read the run's manifest: ") {
		t.Errorf("got %v", err)
	}
}

// BenchmarkRead reads the files of a run of 10,000 cells.
func BenchmarkRead(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "run-1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	p := plan.Plan{Schema: plan.Schema}
	var lines strings.Builder
	for i := range 10_000 {
		for _, kind := range []string{"load", "fetch-power"} {
			step := at(kind, fmt.Sprint(i))
			p.Steps = append(p.Steps, plan.Step{Address: step, Action: plan.Run})
			for _, e := range []event.Type{event.StepStarted, event.StepDone} {
				line, _ := json.Marshal(event.Event{Schema: 1, Time: noon, Type: e, Step: &step})
				lines.Write(append(line, '\n'))
			}
		}
	}
	text, _ := json.Marshal(p)
	err := errors.Join(run.Manifest{ID: "run-1", Started: noon, Status: run.StatusDone, Ended: &noon}.Write(dir),
		os.WriteFile(filepath.Join(dir, "plan.json"), text, 0o644), os.WriteFile(filepath.Join(dir, "events.jsonl"), []byte(lines.String()), 0o644))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s, err := Read(dir, noon); err != nil || s.Cells.Measured != 10_000 {
			b.Fatal(err, s.Cells)
		}
	}
}
