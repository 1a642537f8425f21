package journal

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// What is protected: that nothing alive is forgotten. A journal that cannot be read whole is an error, never one in which nothing stands.
func TestAJournalThatCannotBeReadIsNotEmpty(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "journal.jsonl")
	must(t, os.Mkdir(folder, 0o755))
	for name, read := range map[string]func(string) error{
		"Read": func(path string) error { _, err := Read(path); return err },
		"Open": func(path string) error { _, err := Open(Config{Path: path, Run: "run-2", Now: clock}); return err },
	} {
		if err := read(folder); err == nil || !strings.Contains(err.Error(), "open journal: ") {
			t.Errorf("%s of a folder: %v", name, err)
		}
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		for what, text := range map[string]string{
			"damaged last line that is whole": "{\"state\":\"inten\n",
			"line beyond all lines":           `{"run":"` + strings.Repeat("x", 17<<20) + "\"}\n",
		} {
			must(t, os.WriteFile(path, []byte(text), 0o644))
			if err := read(path); err == nil || !strings.Contains(err.Error(), "journal "+path+": ") {
				t.Errorf("%s of a %s: %v", name, what, err)
			}
			if now, err := os.ReadFile(path); err != nil || string(now) != text {
				t.Errorf("%s of a %s has changed it, %v", name, what, err)
			}
		}
	}
}

// A record holds a deployment's whole configuration, which may be long.
func TestALongRecordIsRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	config, err := json.Marshal(strings.Repeat("x", 1<<20))
	must(t, err)
	must(t, open(t, path).Intend(stage.Record{Token: "a", Config: config}))
	live := open(t, path).Live()
	if len(live) != 1 || !bytes.Equal(live[0].Record.Config, config) {
		t.Errorf("%d entries", len(live))
	}
}

// What is protected: what status, destroy and the next run say of what is alive. Each entry names its run and its time, and since when it may bill.
func TestAnEntryNamesItsRunAndItsTimes(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "journal.jsonl"), clock()
	j, err := Open(Config{Path: path, Run: "run-7", Now: func() time.Time { now = now.Add(time.Minute); return now }})
	must(t, err)
	must(t, j.Intend(stage.Record{Token: "a", Config: json.RawMessage("{}")}), j.Created("a", "pid 7"), j.Close())
	want := []Entry{{
		Time: clock().Add(2 * time.Minute), Since: clock().Add(time.Minute), Run: "run-7", State: Created, Record: stage.Record{Token: "a", ID: "pid 7", Config: json.RawMessage("{}")},
	}}
	live, err := Read(path)
	must(t, err)
	if diff := cmp.Diff(want, live); diff != "" {
		t.Error(diff)
	}
}
