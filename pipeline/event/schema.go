package event

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// JSONSchema returns the JSON Schema (draft 2020-12) of one event, as run -json prints them and events.jsonl holds them: for each type, what is
// always there and what may be. A version of the program may add types and fields without a new Schema number: readers pass over what they do not
// know. What is there keeps its name and meaning under the number.
func JSONSchema() ([]byte, error) {
	defs := map[string]any{}
	var refs []any
	for _, d := range definitions() {
		defs[string(d.kind)] = d.schema()
		refs = append(refs, map[string]any{"$ref": "#/$defs/" + string(d.kind)})
	}
	text, err := json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "inferencex event",
		"description": fmt.Sprintf("One line of events.jsonl or of inferencex run -json, schema %d, exactly as the version of the program writes it that brought this. "+
			"Another version may add types and fields under the same number: pass over what you do not know.", Schema),
		"oneOf": refs,
		"$defs": defs,
	}, "", "  ")
	return append(text, '\n'), err
}

// definition says what events of a type hold beside what all have.
type definition struct {
	kind   Type
	doc    string
	always []string // names of fields in JSON
	may    []string
}

// definitions are all types, in the order of a run.
func definitions() []definition {
	failure := []string{"step", "class", "reason", "message"}
	timed := []string{"attempt", "seconds"}
	return []definition{
		{RunStarted, "The run begins. message is the suite's name.", []string{"message"}, nil},
		{RunEnded, "The run is over. message sums it up; reason is stopped, timed out or interrupted if the plan was not carried to its end.", []string{"message"}, []string{"reason"}},
		{ResourceIntent, "A server is about to be created; resource is its token.", []string{"step", "resource"}, nil},
		{ResourceCreated, "Its provider has named it; id is that name.", []string{"step", "resource", "id"}, nil},
		{ResourceReady, "It is fit for use; message is its URL.", []string{"step", "resource"}, []string{"id", "message"}},
		{ResourceAdopted, "One that an earlier run left is taken over; message is that run.", []string{"step", "resource", "message"}, []string{"id"}},
		{ResourceGone, "Its provider says that it is absent.", []string{"step", "resource"}, []string{"id"}},
		{Note, "Something that a person should know (level warning), or how a stage went about its work (level info).", []string{"level", "message"}, []string{"step", "reason"}},
		{StepStarted, "An attempt at a step begins; message is why the step runs.", []string{"step", "attempt"}, []string{"message"}},
		{StepProgress, "A reading of a running step: done of total units, figures by name, message as a phrase.", []string{"step"}, []string{"done", "total", "figures", "message"}},
		{StepRetried, "An attempt failed and there will be another in so many seconds. Of class quota it found no room and will look again: that is no attempt more.", append(slices.Clone(failure), "attempt"), []string{"seconds"}},
		{StepDone, "A step did its work. key is the checkpoint that it sealed.", []string{"step"}, append(slices.Clone(timed), "key")},
		{StepReused, "A sealed result was used, under key; message says whose.", []string{"step"}, append(slices.Clone(timed), "key", "message")},
		{StepFailed, "A step failed for good.", failure, timed},
		{StepSkipped, "A step was not needed; message says why.", []string{"step"}, []string{"message"}},
		{StepBlocked, "A step that it needs did not succeed; message names that one.", failure, nil},
		{StepCanceled, "The run ended before the step did.", failure, timed},
	}
}

// meanings are what the fields are, whatever the type.
func meanings() map[string]string {
	return map[string]string{
		"schema":   "Version of this form.",
		"seq":      "From 1, in the order of happening. events.jsonl leaves most progress out, so that it has gaps.",
		"time":     "When it happened, in UTC.",
		"type":     "What happened.",
		"run":      "The run's id.",
		"step":     "Address of a step, such as load.chat[\"qwen/h100/1gpu/16u/1024x256/t1\"].",
		"attempt":  "Which attempt, from 1.",
		"seconds":  "Of a step: how long it took. Of a retry: how long until it. On this machine's clock.",
		"class":    "Class of an error: transient, permanent, canceled or quota.",
		"reason":   "Reason code, a lower-case word that scripts can rely on.",
		"level":    "Of a note: info or warning.",
		"message":  "For people.",
		"done":     "Units of work done; left out if none.",
		"total":    "Units of work in all.",
		"figures":  "Live figures by name.",
		"resource": "Token of a resource: its idempotency key, label and alias.",
		"id":       "The provider's name of a resource.",
		"key":      "Checkpoint key: sha256 of a recipe.",
	}
}

// common are the fields that every event has.
func common() []string { return []string{"schema", "seq", "time", "type", "run"} }

func (d definition) schema() map[string]any {
	types, meaning := fieldTypes(), meanings()
	properties := map[string]any{}
	for _, name := range slices.Concat(common(), d.always, d.may) {
		property := map[string]any{"description": meaning[name]}
		for keyword, value := range types[name] {
			property[keyword] = value
		}
		properties[name] = property
	}
	properties["type"] = map[string]any{"const": d.kind, "description": meaning["type"]}
	return map[string]any{
		"description": d.doc, "type": "object", "properties": properties,
		"required": slices.Concat(common(), d.always), "additionalProperties": false,
	}
}

// fieldTypes returns what JSON has in each field of an Event, from its Go type.
func fieldTypes() map[string]map[string]any {
	types := map[string]map[string]any{}
	event := reflect.TypeFor[Event]()
	for i := range event.NumField() {
		field := event.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch field.Type.Kind() {
		case reflect.Int, reflect.Int64:
			types[name] = map[string]any{"type": "integer", "minimum": 0}
		case reflect.Float64:
			types[name] = map[string]any{"type": "number"}
		case reflect.Map:
			types[name] = map[string]any{"type": "object"}
		default:
			types[name] = map[string]any{"type": "string"}
		}
	}
	types["schema"] = map[string]any{"const": Schema}
	types["time"] = map[string]any{"type": "string", "format": "date-time"}
	types["level"] = map[string]any{"enum": []string{Info, Warning}}
	return types
}
