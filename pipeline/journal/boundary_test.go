package journal

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// What is protected: that what is alive is known after a power failure. Each line is synced (journal.….synced) before the call that writes it
// returns, and what a provider is asked for comes after the call. Only durable's functions that sync pass these boundaries.
func TestEveryBoundaryOfAJournalIsPassedInOrder(t *testing.T) {
	var got []string
	crash := func(boundary string) { got = append(got, boundary) }
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := Open(Config{Path: path, Run: "run-1", Now: clock, Crash: crash})
	must(t, err)
	must(t, j.Intend(stage.Record{Token: "a"}), j.Created("a", "pid 7"), j.Mark("a", Ready), j.Mark("a", Releasing), j.Mark("a", Gone), j.Close())
	if diff := cmp.Diff(Boundaries(), got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{}, states(open(t, path))); diff != "" {
		t.Errorf("what is read again: %s", diff)
	}
}

// What is protected: that a folder has one writer. The holder's file is on disk (lease.held) before the lease is anyone's.
func TestEveryBoundaryOfALeaseIsPassedInOrder(t *testing.T) {
	var got []string
	crash := func(boundary string) { got = append(got, boundary) }
	l, err := Acquire(context.Background(), LeaseConfig{Dir: t.TempDir(), Run: "run-1", Now: clock, Crash: crash})
	must(t, err)
	must(t, l.Release())
	if diff := cmp.Diff(LeaseBoundaries(), got); diff != "" {
		t.Error(diff)
	}
}
