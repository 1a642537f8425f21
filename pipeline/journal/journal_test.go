package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

func clock() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := Open(Config{Path: path, Run: "run-1", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func states(j *Journal) []string {
	got := []string{}
	for _, e := range j.Live() {
		got = append(got, fmt.Sprintf("%s %s %s", e.Record.Token, e.State, e.Record.ID))
	}
	return got
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestJournalOutlivesItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs", "journal.jsonl")
	j := open(t, path)
	must(t,
		j.Intend(stage.Record{Token: "a"}), j.Intend(stage.Record{Token: "b"}), j.Intend(stage.Record{Token: "c"}),
		j.Created("b", "pid 7"), j.Created("a", "pid 8"), j.Mark("b", Ready), j.Mark("b", Releasing), j.Mark("b", Gone))
	want := []string{"a created pid 8", "c intended "}
	if diff := cmp.Diff(want, states(j)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, states(open(t, path))); diff != "" {
		t.Errorf("after a crash: %s", diff)
	}
	if text, _ := os.ReadFile(path); strings.Count(string(text), "\n") != 2 {
		t.Errorf("opening does not drop what is gone:\n%s", text)
	}
}

func TestTornLastLineIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j := open(t, path)
	must(t, j.Intend(stage.Record{Token: "a"}), j.Created("a", "pid 8"))
	whole, err := os.ReadFile(path)
	must(t, err)
	first := strings.Index(string(whole), "\n") + 1
	for cut := first; cut < len(whole)-1; cut++ {
		must(t, os.WriteFile(path, whole[:cut], 0o644))
		if diff := cmp.Diff([]string{"a intended "}, states(open(t, path))); diff != "" {
			t.Fatalf("cut at %d: %s", cut, diff)
		}
	}
}

func TestDamageInTheMiddleIsNotPassedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	must(t, os.WriteFile(path, []byte("{\"state\":\"inten\n{\"state\":\"gone\"}\n"), 0o644))
	_, err := Open(Config{Path: path, Run: "run-2", Now: clock})
	if err == nil || !strings.Contains(err.Error(), "line 1 is damaged") || !strings.Contains(err.Error(), "look with your provider") {
		t.Errorf("got %v", err)
	}
}

func TestAnIDWithoutAnIntentIsABug(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "journal.jsonl"))
	if err := j.Created("x", "1"); err == nil {
		t.Error("an id is taken without an intent")
	}
}
