package power

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// TestRecord protects the names of power.json.
func TestRecord(t *testing.T) {
	dir, want := t.TempDir(), durabletest.Fill[measured.Power](t)
	if err := save(dir, nil, want); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, measured.PowerFile))
	if err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/power.json", want, text)
	if read, err := measured.ReadPower(dir); err != nil || !reflect.DeepEqual(want, read) {
		t.Errorf("read %+v, %v\nwant %+v", read, err, want)
	}
}
