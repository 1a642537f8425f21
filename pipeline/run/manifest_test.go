package run

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
)

// TestManifest protects the names of run.json.
func TestManifest(t *testing.T) {
	dir, want := t.TempDir(), durabletest.Fill[Manifest](t)
	want.Schema = 1
	if err := want.Write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/run.json", want, text)
	if read, err := ReadManifest(dir); err != nil || !reflect.DeepEqual(want, read) {
		t.Errorf("read %+v, %v\nwant %+v", read, err, want)
	}
}
