package result_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
	"github.com/strangeloopio/inferencex/schemas/result"
)

// TestEveryLabelIsAColumn protects a new label: a field without a column would be in no table, and silently
// so.
func TestEveryLabelIsAColumn(t *testing.T) {
	labels := durabletest.Fill[result.Labels](t)
	fields := reflect.ValueOf(labels)
	columns := result.Columns(nil)
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		if columns[i].Name != name {
			t.Fatalf("column %d is %s, label %d is %s: want a column for each label, in their order",
				i, columns[i].Name, i, name)
		}
		got, want := fmt.Sprint(columns[i].Value(result.Cell{Labels: labels})), fmt.Sprint(fields.Field(i))
		if got != want {
			t.Errorf("column %s has %s, the label is %s", name, got, want)
		}
	}
}

// TestLabelsReadBack holds the configuration of the aggregate step, which encoding/json writes, to the names
// that the columns have.
func TestLabelsReadBack(t *testing.T) {
	want := durabletest.Fill[result.Labels](t)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got result.Labels
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Error(err, cmp.Diff(want, got))
	}
}

// TestACellReadsBack protects every field of results.json: the columns write the file, and structs of their
// own read it, so that a field or a name may be forgotten on one of the sides.
func TestACellReadsBack(t *testing.T) {
	want := durabletest.Fill[result.Results](t)
	want.Schema = result.Schema
	cell := &want.Cells[0]
	cell.Metrics = map[string]float64{want.Metrics[0].Name: 1.5}
	cell.Phases[0].Metrics = map[string]float64{want.PhaseMetrics[0].Name: 2.5}
	var file bytes.Buffer
	if err := want.Encode(&file); err != nil {
		t.Fatal(err)
	}
	got, err := result.Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
