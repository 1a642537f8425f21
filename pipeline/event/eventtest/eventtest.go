// Package eventtest holds events to their JSON Schema, for the tests of everything that makes some.
package eventtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/strangeloopio/inferencex/pipeline/event"
)

// Validator holds events to the schema.
type Validator struct{ schema *jsonschema.Schema }

// New compiles the schema.
func New() (*Validator, error) {
	text, err := event.JSONSchema()
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("event.json", document); err != nil {
		return nil, err
	}
	schema, err := compiler.Compile("event.json")
	return &Validator{schema}, err
}

// Line checks one event in its JSON form.
func (v *Validator) Line(line []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err == nil {
		err = v.schema.Validate(value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return nil
}

// Lines checks every line of a file of events and returns how many there are.
func (v *Validator) Lines(text []byte) (n int, err error) {
	for line := range bytes.Lines(text) {
		if err := v.Line(bytes.TrimSpace(line)); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Check fails a test for each event that does not fit the schema.
func Check(t testing.TB, events []event.Event) {
	t.Helper()
	v, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		line, err := json.Marshal(e)
		if err == nil {
			err = v.Line(line)
		}
		if err != nil {
			t.Errorf("event does not fit its schema: %v", err)
		}
	}
}
