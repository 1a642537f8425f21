package result_test

import (
	"bytes"
	"testing"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// FuzzDecode holds that results that are read are written so that they are read as the same ones.
func FuzzDecode(f *testing.F) {
	var written bytes.Buffer
	if err := example().Encode(&written); err != nil {
		f.Fatal(err)
	}
	f.Add(written.Bytes())
	for _, seed := range []string{
		`{"schema":1}`, `{"schema":1,"cells":[{}]}`,
		`{"schema":1,"metrics":[{"name":"m"}],"cells":[{"m":1e308,"cell":"\u0000"}]}`,
		`{"schema":1,"metrics":[{"name":"cell"}],"cells":[{"cell":"x"}]}`, `{"schema":1,"cells":[null]}`,
		`{"schema":1,"metrics":[{"name":"m"},{"name":"m"}],"cells":[{"m":null}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := result.Decode(bytes.NewReader(text))
		if err != nil || ambiguous(first) {
			return
		}
		var once, twice bytes.Buffer
		if err := first.Encode(&once); err != nil {
			t.Fatalf("%q is read, but not written: %v", text, err)
		}
		second, err := result.Decode(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("%q is written as %q, which is not read: %v", text, once.Bytes(), err)
		}
		if err := second.Encode(&twice); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("%q is written as\n%s\nand then as\n%s\n%v", text, once.Bytes(), twice.Bytes(), err)
		}
	})
}

// ambiguous reports whether two columns have one name, as no results of aggregate do.
func ambiguous(r result.Results) bool {
	seen := map[string]bool{"phases": true}
	for _, column := range result.Columns(r.Metrics) {
		if seen[column.Name] {
			return true
		}
		seen[column.Name] = true
	}
	clear(seen)
	for _, column := range result.PhaseColumns(r.PhaseMetrics) {
		if seen[column.Name] {
			return true
		}
		seen[column.Name] = true
	}
	return false
}
