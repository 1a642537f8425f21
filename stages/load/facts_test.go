package load

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// TestFacts protects the names of load.json. What a renamed one said would be zero for everyone who reads the
// file, and a zero switches off what needs it: of a cold cell, or of a shared prefix, the report would say
// nothing.
func TestFacts(t *testing.T) {
	dir, want := t.TempDir(), durabletest.Fill[facts](t)
	if want.WindowEndNS <= want.WindowStartNS { // the reader would look for another window
		want.WindowStartNS, want.WindowEndNS = want.WindowEndNS, want.WindowStartNS
	}
	if err := want.write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, measured.LoadFile))
	if err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/load.json", want, text)
	read, err := measured.ReadLoad(dir)
	if err != nil || !reflect.DeepEqual(want.Load, read) {
		t.Errorf("read %+v, %v\nwant %+v", read, err, want.Load)
	}
}
