package event_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/event/eventtest"
)

func TestSchemaIsCommitted(t *testing.T) {
	want, err := os.ReadFile("../../schemas/event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := event.JSONSchema()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("schemas/event.schema.json is not what the program writes (%v): run make gen", err)
	}
}

// types reads the types of event from the source, so that none can be forgotten here.
func types(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, d := range file.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		for _, s := range block.Specs {
			value := s.(*ast.ValueSpec)
			if name, ok := value.Type.(*ast.Ident); ok && name.Name == "Type" {
				text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, text)
			}
		}
	}
	return found
}

func TestSchemaKnowsEveryTypeAndField(t *testing.T) {
	text, err := event.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			Description string
			Properties  map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	all := types(t)
	if len(all) < 16 || len(schema.Defs) != len(all) {
		t.Errorf("%d types in the source, %d in the schema", len(all), len(schema.Defs))
	}
	used := map[string]bool{}
	for _, name := range all {
		def, ok := schema.Defs[name]
		if !ok || def.Description == "" {
			t.Errorf("type %s is not described", name)
		}
		for field, property := range def.Properties {
			used[field] = true
			if property.Description == "" {
				t.Errorf("field %s is not described", field)
			}
		}
	}
	fields := reflect.TypeFor[event.Event]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if !used[name] {
			t.Errorf("no type of event has field %s", name)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	v, err := eventtest.New()
	if err != nil {
		t.Fatal(err)
	}
	const note = `"type":"note","level":"info","message":"x"}`
	const head = `{"schema":1,"seq":1,"time":"2026-11-23T15:00:00Z","run":"r",`
	for text, want := range map[string]bool{
		head + `"type":"step_done","step":"load.chat[\"a\"]"}`:               true,
		head + `"type":"step_done"}`:                                         false, // of which step?
		head + `"type":"step_gone","step":"load.chat[\"a\"]"}`:               false, // no such type
		head + `"type":"step_done","step":"load.chat[\"a\"]","message":"x"}`: false, // not with this type
		head + `"type":"note","level":"fatal","message":"x"}`:                false, // no such level
		head + `"type":"step_done","step":"load.chat[\"a\"]","seconds":"3"}`: false, // no number
		head + note: true,
		strings.Replace(head, "2026-11-23T", "", 1) + note:          false, // no time
		strings.Replace(head, `"schema":1`, `"schema":2`, 1) + note: false, // another version
	} {
		if err := v.Line([]byte(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
