package result_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// distinct fills every label with a value of its own.
func distinct(t *testing.T) result.Labels {
	var labels result.Labels
	fields := reflect.ValueOf(&labels).Elem()
	for i := range fields.NumField() {
		switch field := fields.Field(i); field.Kind() {
		case reflect.String:
			field.SetString(fmt.Sprintf("%s %d", fields.Type().Field(i).Name, i))
		case reflect.Int:
			field.SetInt(int64(i + 1))
		case reflect.Float64:
			field.SetFloat(float64(i) + 0.5)
		default:
			t.Fatalf("label %s is a %s: say here how it is filled", fields.Type().Field(i).Name, field.Kind())
		}
	}
	return labels
}

// TestEveryLabelIsAColumn protects a new label: a field without a column would be in no table, and silently so.
func TestEveryLabelIsAColumn(t *testing.T) {
	labels := distinct(t)
	fields := reflect.ValueOf(labels)
	columns := result.Columns(nil)
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		if columns[i].Name != name {
			t.Fatalf("column %d is %s, label %d is %s: want a column for each label, in their order",
				i, columns[i].Name, i, name)
		}
		if got, want := fmt.Sprint(columns[i].Value(result.Cell{Labels: labels})), fmt.Sprint(fields.Field(i)); got != want {
			t.Errorf("column %s has %s, the label is %s", name, got, want)
		}
	}
}

// TestLabelsReadBack holds both files that have labels to the same names: the configuration of the aggregate step,
// which encoding/json writes, and results.json, which the columns write.
func TestLabelsReadBack(t *testing.T) {
	want := distinct(t)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got result.Labels
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Error(err, cmp.Diff(want, got))
	}
	var file bytes.Buffer
	if err := (result.Results{Schema: result.Schema, Cells: []result.Cell{{Labels: want}}}).Encode(&file); err != nil {
		t.Fatal(err)
	}
	read, err := result.Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read.Cells[0].Labels); diff != "" {
		t.Error(diff)
	}
}
