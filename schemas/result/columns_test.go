package result_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// TestColumnsAreTheKeysOfTheFile walks the file's first cell key by key beside the columns.
func TestColumnsAreTheKeysOfTheFile(t *testing.T) {
	var b bytes.Buffer
	if err := example().Encode(&b); err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cells []json.RawMessage `json:"cells"`
	}
	if err := json.Unmarshal(b.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	for i, raw := range file.Cells {
		columns := result.Columns(example().Metrics)
		var names []string
		values := map[string]any{}
		for _, c := range columns {
			names = append(names, c.Name)
			v := c.Value(example().Cells[i])
			if v != nil && reflect.TypeOf(v) != reflect.TypeOf(c.Zero) {
				t.Errorf("%s is a %T, its zero a %T", c.Name, v, c.Zero)
			}
			if v == nil && !c.Nullable {
				t.Errorf("%s is missing", c.Name)
			}
			values[c.Name] = v
		}
		if diff := cmp.Diff(names, keys(t, raw)); diff != "" {
			t.Errorf("cell %d: %s", i, diff)
		}
		text, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		_ = json.Unmarshal(text, &got)
		_ = json.Unmarshal(raw, &want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("cell %d: %s", i, diff)
		}
	}
}

// keys returns the keys of an object in their order.
func keys(t *testing.T, object json.RawMessage) []string {
	t.Helper()
	in := json.NewDecoder(bytes.NewReader(object))
	var names []string
	if _, err := in.Token(); err != nil {
		t.Fatal(err)
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}
