package checkpoint

import (
	"reflect"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
)

// TestManifestOfAnEntry protects the names of entry.json: a store outlives the program that sealed into it.
func TestManifestOfAnEntry(t *testing.T) {
	type file struct {
		Entry
		SHA256 string `json:"sha256"`
	}
	want := file{Entry: durabletest.Fill[Entry](t)}
	want.Schema = schema
	text, err := want.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	want.SHA256 = string(text[len(text)-digestLength+len(digestOpens) : len(text)-len(digestCloses)])
	durabletest.Hold(t, "testdata/entry.json", want, text)
	if read, wrong := readManifest(text, true); wrong != "" || !reflect.DeepEqual(want.Entry, read) {
		t.Errorf("read %+v, %s\nwant %+v", read, wrong, want.Entry)
	}
}
