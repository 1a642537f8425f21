package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
)

// TestHolderFile protects the names of .holder.json, which other machines read.
func TestHolderFile(t *testing.T) {
	dir, want := t.TempDir(), durabletest.Fill[Holder](t)
	if err := want.write(dir, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, holderFile))
	if err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/holder.json", want, text)
	if read, _, err := readHolder(dir); err != nil || !reflect.DeepEqual(want, read) {
		t.Errorf("read %+v, %v\nwant %+v", read, err, want)
	}
}

// TestJournalLine protects the names in journal.jsonl: what a run that died has left alive is known from them
// alone.
func TestJournalLine(t *testing.T) {
	want := durabletest.Fill[Entry](t, Ready)
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	now := func() time.Time { return want.Time }
	j, err := Open(Config{Path: path, Run: want.Run, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.append(want); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/journal.jsonl", want, bytes.TrimSpace(text))
	again, err := Open(Config{Path: path, Run: "another", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if live := again.Live(); len(live) != 1 || !reflect.DeepEqual(want, live[0]) {
		t.Errorf("read %+v\nwant %+v", live, want)
	}
}
