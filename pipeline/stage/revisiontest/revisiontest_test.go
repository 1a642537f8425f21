package revisiontest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

func recordOf(revision int, parts string, files ...string) record {
	r := record{file: fileOf("x"), Revision: revision, Parts: parts, Outputs: map[string]map[string]string{}}
	for _, file := range files {
		fixture, rest, _ := strings.Cut(file, "/")
		name, digest, _ := strings.Cut(rest, "=")
		if r.Outputs[fixture] == nil {
			r.Outputs[fixture] = map[string]string{}
		}
		r.Outputs[fixture][name] = digest
	}
	return r
}

// What is protected: that a revision cannot be forgotten, and that -update does not help to forget it.
func TestWhatIsHeldAndWhatIsRefused(t *testing.T) {
	was := recordOf(3, "p", "closed/a.json=1", "closed/b.svg=2")
	for _, tc := range []struct {
		name             string
		now              record
		differs, refused string // a part of what is said; empty: it passes
	}{
		{"the same", recordOf(3, "p", "closed/a.json=1", "closed/b.svg=2"), "", ""},
		{"another file, the old revision", recordOf(3, "p", "closed/a.json=1", "closed/b.svg=9"), "raise its Revision, then -update", "Raise its Revision first"},
		{"a file more, the old revision", recordOf(3, "p", "closed/a.json=1", "closed/b.svg=2", "closed/c=3"), "closed/c", "closed/c"},
		{"a file less, the old revision", recordOf(3, "p", "closed/a.json=1"), "closed/b.svg", "closed/b.svg"},
		{"a fixture less, the old revision", recordOf(3, "p"), "closed/a.json, closed/b.svg", "closed/a.json"},
		{"a fixture more", recordOf(3, "p", "closed/a.json=1", "closed/b.svg=2", "open/a.json=1"), "lacks a fixture: -update", ""},
		{"a new revision, the old files", recordOf(4, "p", "closed/a.json=1", "closed/b.svg=2"), "its revision is 4, testdata/revision.x.json holds 3: -update", ""},
		{"a new revision, other files", recordOf(4, "p", "closed/a.json=7", "closed/b.svg=8"), "holds 3: -update", ""},
		{"another part, other files", recordOf(3, "q", "closed/a.json=7", "closed/b.svg=2"), "its parts are others", ""},
		{"a revision that fell", recordOf(2, "p", "closed/a.json=7", "closed/b.svg=2"), "holds 3", "fell from 3 to 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, say := range []struct{ got, want string }{{tc.now.differs(was), tc.differs}, {tc.now.refused(was), tc.refused}} {
				if (say.got == "") != (say.want == "") || !strings.Contains(say.got, say.want) {
					t.Errorf("got  %q\nwant %q", say.got, say.want)
				}
			}
		})
	}
}

// composed is a kind with parts.
type composed struct {
	stage.Kind
	parts map[string]any
}

func (c composed) Parts() map[string]any { return c.parts }

func TestPartsAreAllOfWhatIsSaidOfThem(t *testing.T) {
	of := func(parts map[string]any) string { return partsOf(composed{parts: parts}) }
	seen := map[string]bool{}
	for _, parts := range []map[string]any{{"metric.a": "s"}, {"metric.a": "ms"}, {"metric.b": "s"}, {"metric.a": "s", "metric.b": "s"}, {}} {
		seen[of(parts)] = true
	}
	if len(seen) != 5 || seen[""] {
		t.Errorf("%d digests of five sets of parts: %v", len(seen), seen)
	}
}

// What is compared is what is committed, so that a revision that is not, and has not sealed anything for anybody, takes in one change after another.
func TestTheLastCommitIsAsked(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	t.Chdir(t.TempDir())
	held := recordOf(4, "", "f/a=2")
	if got := held.committed(held); got.Revision != 4 {
		t.Errorf("without a commit: %+v", got)
	}
	if err := os.MkdirAll(filepath.Dir(held.file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := recordOf(3, "", "f/a=1").write(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x"}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	if err := held.write(); err != nil {
		t.Fatal(err)
	}
	if got := held.committed(held); got.Revision != 3 || got.Outputs["f"]["a"] != "1" {
		t.Errorf("the last commit is %+v", got)
	}
}

func TestARecordOutlivesItsFile(t *testing.T) {
	t.Chdir(t.TempDir())
	want := recordOf(4, "p", "f/a=2")
	if err := want.write(); err != nil {
		t.Fatal(err)
	}
	got, err := read(os.ReadFile(want.file))
	if err != nil || got.differs(want) != "" || want.differs(got) != "" {
		text, _ := json.Marshal(got)
		t.Errorf("%s %v", text, err)
	}
}
