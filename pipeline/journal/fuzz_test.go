package journal

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzReplay holds a journal that is read to two things: cut anywhere it is read, too, since a crash may
// have torn its last line; and compacted it names the same resources.
func FuzzReplay(f *testing.F) {
	const (
		entry = `{"state":"ready","run":"r","record":{"token":"a","provider":"endpoint.x"}}` + "\n"
		gone  = `{"state":"gone","record":{"token":"a"}}` + "\n"
	)
	for _, seed := range []string{
		"", entry, entry + entry, entry + gone, entry + gone + entry, entry + entry[:20], "{}\n{}\n", "{\n", "\n",
		`{"state":"intended","record":{"token":"` + "\xff" + `"}}` + "\r\n", `null`, `{"record":null}`,
	} {
		f.Add([]byte(seed), uint(len(seed)/2))
	}
	f.Fuzz(func(t *testing.T, text []byte, cut uint) {
		whole := &Journal{live: map[string]Entry{}}
		if whole.replay(text) != nil {
			return
		}
		torn := &Journal{live: map[string]Entry{}}
		if at := cut % uint(len(text)+1); torn.replay(text[:at]) != nil {
			t.Errorf("%q is read, but not torn to %q", text, text[:at])
		}
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		if err := whole.compact(path); err != nil {
			t.Fatal(err)
		}
		again, err := Read(path)
		if err != nil {
			t.Fatalf("%q is compacted to what is not read: %v", text, err)
		}
		if diff := cmp.Diff(asJSON(t, whole.Live()), asJSON(t, again)); diff != "" {
			t.Errorf("%q is not the same when it is compacted (-want +got):\n%s", text, diff)
		}
	})
}

// asJSON is what the entries say: a configuration that is absent and one that is null are the same.
func asJSON(t *testing.T, entries []Entry) string {
	t.Helper()
	text, err := json.MarshalIndent(entries, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
