// Package revisiontest holds what a stage makes to its revision, for the tests of stages. Its invariant: what a stage made of the fixtures of a
// commit, and makes of them otherwise now, it makes under another recipe — so that nothing that was sealed before passes for it.
//
//  1. A test runs the stage on fixtures that never change, and gives Hold what came of each.
//  2. Hold compares the digests with those that are committed beside the revision, in testdata/revision.KIND.json.
//  3. Outputs that changed while revision and parts (stage.Composed) stayed fail: the revision is to be raised.
//  4. A revision or parts that changed fail until -update writes the digests that go with them.
//  5. -update refuses outputs that changed under the revision and the parts of the last commit.
//
// A fixture is never edited: another one is added beside it, which -update takes in under any revision.
package revisiontest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Revised is what has a revision: a stage.Kind, or what else stands in recipes by one.
type Revised interface {
	Name() string
	Revision() int
}

var _ Revised = stage.Kind(nil)

// fileOf is where the digests of a kind are, in the package of its test.
func fileOf(kind string) string { return "testdata/revision." + kind + ".json" }

// record is the content of the file.
type record struct {
	file string

	Revision int    `json:"revision"`
	Parts    string `json:"parts,omitempty"` // digest of what the recipe says of the stage's parts
	// Outputs are the digests of what the stage made: by fixture, then by file.
	Outputs map[string]map[string]string `json:"outputs"`
}

// Hold fails the test unless the outputs of the kind are those that its file holds beside its revision. They are the digests of what the kind made:
// by fixture, then by file, as Files and Digest return them.
func Hold(t *testing.T, kind Revised, outputs map[string]map[string]string, update bool) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the digests are those of amd64: other processors round some sums otherwise")
	}
	now := record{file: fileOf(kind.Name()), Revision: kind.Revision(), Parts: partsOf(kind), Outputs: outputs}
	held, err := read(os.ReadFile(now.file))
	if errors.Is(err, fs.ErrNotExist) && update {
		err = nil
	}
	if err != nil {
		t.Fatalf("%v; go test -run %s -update writes it", err, t.Name())
	}
	if !update {
		if wrong := now.differs(held); wrong != "" {
			t.Errorf("stage %s: %s", kind.Name(), strings.ReplaceAll(wrong, "-update", "go test -run "+t.Name()+" -update"))
		}
		return
	}
	if wrong := now.refused(now.committed(held)); wrong != "" {
		t.Fatalf("stage %s: %s", kind.Name(), wrong)
	}
	if err := now.write(); err != nil {
		t.Fatal(err)
	}
}

// differs says why a record is not the one that is held; empty if it is.
func (r record) differs(held record) string {
	changed := r.changed(held)
	switch {
	case r.Revision != held.Revision:
		return fmt.Sprintf("its revision is %d, %s holds %d: -update", r.Revision, r.file, held.Revision)
	case r.Parts != held.Parts:
		return fmt.Sprintf("its parts are others than %s holds: -update", r.file)
	case len(changed) > 0:
		return fmt.Sprintf("it makes other files under revision %d: %s. Results that are sealed would pass for those: raise its Revision, then -update",
			r.Revision, strings.Join(changed, ", "))
	case len(r.Outputs) > len(held.Outputs):
		return fmt.Sprintf("%s lacks a fixture: -update", r.file)
	}
	return ""
}

// refused says why a record may not be written over the one of the last commit; empty if it may.
func (r record) refused(committed record) string {
	changed := r.changed(committed)
	if r.Revision < committed.Revision {
		return fmt.Sprintf("its revision fell from %d to %d: a key that was used would come again", committed.Revision, r.Revision)
	}
	if r.Revision > committed.Revision || r.Parts != committed.Parts || len(changed) == 0 {
		return ""
	}
	return fmt.Sprintf("revision %d is committed with other files: %s. Raise its Revision first, or leave the fixture as it was and add another",
		r.Revision, strings.Join(changed, ", "))
}

// changed names the files of held that are not as they were, and those that came to one of its fixtures.
func (r record) changed(held record) []string {
	var changed []string
	for fixture, was := range held.Outputs {
		now := r.Outputs[fixture]
		for file := range was {
			if was[file] != now[file] {
				changed = append(changed, fixture+"/"+file)
			}
		}
		for file := range now {
			if _, known := was[file]; !known {
				changed = append(changed, fixture+"/"+file)
			}
		}
	}
	slices.Sort(changed)
	return changed
}

// partsOf returns the digest of what a kind's recipe says of its parts; empty where it has none.
func partsOf(kind Revised) string {
	composed, ok := kind.(stage.Composed)
	if !ok {
		return ""
	}
	h := sha256.New()
	parts := composed.Parts()
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		text, err := json.Marshal(parts[name])
		if err != nil {
			panic(fmt.Sprintf("part %s: %v", name, err)) // it is plain data
		}
		fmt.Fprintf(h, "%s = %s\n", name, text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// committed returns the record of the last commit; without git, or before the first one, the one that is held.
func (r record) committed(held record) record {
	text, err := exec.Command("git", "show", "HEAD:./"+r.file).Output()
	if was, err := read(text, err); err == nil {
		return was
	}
	return held
}

func read(text []byte, err error) (record, error) {
	var r record
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	return r, err
}

func (r record) write() error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(r.file), 0o755), os.WriteFile(r.file, append(text, '\n'), 0o644))
}
