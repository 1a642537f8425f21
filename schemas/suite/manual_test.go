package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

func TestManualIsCommitted(t *testing.T) {
	schema, err := JSONSchema(options())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/manual/schema.json", string(schema))
	golden(t, "testdata/manual/language.md", string(Markdown(options())))
}

// The examples of the introduction are one suite without a mistake.
func TestIntroduction(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	parts := strings.Split(introduction, "```")
	for _, part := range parts[1:] {
		if text, ok := strings.CutPrefix(part, "json\n"); ok {
			put("json.hcl.json", text)
		}
		if text, ok := strings.CutPrefix(part, "hcl\n# "); ok {
			name, text, _ := strings.Cut(text, "\n")
			put(name, text)
			if formatted := hclwrite.Format([]byte(text)); string(formatted) != text {
				t.Errorf("%s is not formatted:\n%s", name, formatted)
			}
		}
	}
	s, files, diags := Load(dir, options())
	if len(diags) > 0 {
		t.Fatal(render(t, files, diags))
	}
	if s.Name != "chat" || len(s.Benchmarks) != 6 || len(s.Moved) != 1 {
		t.Errorf("suite %s with %d benchmarks and %d moves, want all that is shown", s.Name, len(s.Benchmarks), len(s.Moved))
	}
}

// misfits holds a value against as much of JSON Schema as JSONSchema uses, and says what does not fit, by path.
func misfits(root, schema map[string]any, v any, path string) []string {
	if ref, ok := schema["$ref"].(string); ok {
		defs := root["$defs"].(map[string]any)
		return misfits(root, defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), v, path)
	}
	var out []string
	fail := func(format string, args ...any) { out = append(out, path+": "+fmt.Sprintf(format, args...)) }
	if ty, ok := schema["type"]; ok && !ofType(ty, v) {
		fail("is no %v", ty)
		return out
	}
	if shapes, ok := schema["anyOf"].([]any); ok {
		fits := false
		var inner []string
		for _, s := range shapes {
			found := misfits(root, s.(map[string]any), v, path)
			fits = fits || len(found) == 0
			inner = append(inner, found...)
		}
		if !fits {
			out = append(out, inner...)
		}
	}
	switch v := v.(type) {
	case string:
		if p, ok := schema["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			fail("does not match %s", p)
		}
		if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, any(v)) {
			fail("is none of %v", enum)
		}
	case float64:
		if least, ok := schema["minimum"].(float64); ok && v < least {
			fail("is below %g", least)
		}
		if least, ok := schema["exclusiveMinimum"].(float64); ok && v <= least {
			fail("is not above %g", least)
		}
		if most, ok := schema["maximum"].(float64); ok && v > most {
			fail("is above %g", most)
		}
	case []any:
		if most, ok := schema["maxItems"].(float64); ok && len(v) > int(most) {
			fail("has %d elements", len(v))
		}
		items, _ := schema["items"].(map[string]any)
		for i, e := range v {
			out = append(out, misfits(root, items, e, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case map[string]any:
		out = append(out, objectMisfits(root, schema, v, path)...)
	}
	return out
}

func objectMisfits(root, schema, v map[string]any, path string) []string {
	var out []string
	if most, ok := schema["maxProperties"].(float64); ok && len(v) > int(most) {
		out = append(out, fmt.Sprintf("%s: has %d properties", path, len(v)))
	}
	properties, _ := schema["properties"].(map[string]any)
	others, inherits := schema["additionalProperties"].(map[string]any)
	for name, e := range v {
		switch s, known := properties[name].(map[string]any); {
		case known:
			out = append(out, misfits(root, s, e, path+"."+name)...)
		case inherits:
			out = append(out, misfits(root, others, e, path+"."+name)...)
		case schema["additionalProperties"] == false:
			out = append(out, path+": has no "+name)
		}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			out = append(out, fmt.Sprintf("%s: lacks %s", path, name))
		}
	}
	sort.Strings(out)
	return out
}

func ofType(ty, v any) bool {
	if list, ok := ty.([]any); ok {
		return slices.ContainsFunc(list, func(t any) bool { return ofType(t, v) })
	}
	switch v := v.(type) {
	case nil:
		return ty == "null"
	case bool:
		return ty == "boolean"
	case string:
		return ty == "string"
	case float64:
		return ty == "number" || ty == "integer" && v == float64(int64(v))
	case []any:
		return ty == "array"
	}
	return ty == "object"
}

func parsed(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every suite in JSON that loads fits the schema.
func TestSchemaAcceptsValidSuites(t *testing.T) {
	text, err := JSONSchema(options())
	if err != nil {
		t.Fatal(err)
	}
	schema := parsed(t, text)
	files, err := filepath.Glob("testdata/valid/*.hcl.json")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob("testdata/valid/*/*.hcl.json")
	if err != nil || len(folders) == 0 || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, name := range append(files, folders...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := misfits(schema, schema, parsed(t, text), filepath.Base(name)); len(found) > 0 {
			t.Errorf("does not fit:\n%s", strings.Join(found, "\n"))
		}
	}
}

// Other ways in which the language is written in JSON fit the schema, too.
func TestSchemaAcceptsOtherForms(t *testing.T) {
	text, err := JSONSchema(options())
	if err != nil {
		t.Fatal(err)
	}
	schema := parsed(t, text)
	for name, text := range map[string]string{
		"lists of blocks":  `{"workload": [{"w": {"isl": 64}}, {"v": [{"isl": 64}]}], "stage": [{"load": {"timeout": "3s"}}], "provider": [{"simulator": {"s": {}}}]}`,
		"numbers as texts": `{"suite": {"s": {"seed": "1", "salt": 3}}, "workload": {"w": {"requests": "16", "ignore_eos": "false"}}}`,
		"one of one":       `{"suite": [{"s": {}}], "budget": [{"usd": 1}]}`,
		"null":             `{"workload": {"w": {"requests": null}}, "provider": {"simulator": {"s": {"quota": {"H100": null}}}}}`,
	} {
		if found := misfits(schema, schema, parsed(t, []byte(text)), name); len(found) > 0 {
			t.Errorf("does not fit:\n%s", strings.Join(found, "\n"))
		}
	}
}

// What the schema refuses, it refuses at its place.
func TestSchemaRefuses(t *testing.T) {
	text, err := JSONSchema(options())
	if err != nil {
		t.Fatal(err)
	}
	schema := parsed(t, text)
	tests := map[string]struct{ text, want string }{
		"unknown block":      {`{"modle": {}}`, "$: has no modle"},
		"unknown argument":   {`{"model": {"m": {"repo": "a", "revison": "b"}}}`, "$.model.m: has no revison"},
		"missing argument":   {`{"model": {"m": {}}}`, "$.model.m: lacks repo"},
		"unknown provider":   {`{"provider": {"simulate": {"s": {}}}}`, "$.provider: has no simulate"},
		"other's argument":   {`{"provider": {"simulator": {"s": {"url": "x"}}}}`, "$.provider.simulator.s: has no url"},
		"unknown stage":      {`{"stage": {"lod": {}}}`, "$.stage: has no lod"},
		"below the least":    {`{"workload": {"w": {"requests": 0}}}`, "$.workload.w.requests: is below 1"},
		"part of a whole":    {`{"suite": {"s": {"seed": 1.5}}}`, "$.suite.s.seed: is no integer"},
		"above the most":     {`{"workload": {"w": {"temperature": 3}}}`, "$.workload.w.temperature: is above 2"},
		"not above zero":     {`{"budget": {"usd": 0}}`, "$.budget.usd: is not above 0"},
		"no unit":            {`{"workload": {"w": {"timeout": "20"}}}`, "$.workload.w.timeout: does not match " + `^([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)`},
		"none of a few":      {`{"workload": {"w": {"endpoint": "chatt"}}}`, "$.workload.w.endpoint: is none of [completions chat]"},
		"in a list of two":   {`{"report": [{"charts": ["panel"]}]}`, "$.report[0].charts[0]: is none of [panels pareto power]"},
		"axis":               {`{"benchmark": {"b": {"matrix": {"user": [1]}}}}`, "$.benchmark.b.matrix: has no user"},
		"axis below":         {`{"benchmark": {"b": {"matrix": {"users": [1, 0]}}}}`, "$.benchmark.b.matrix.users[1]: is below 1"},
		"length":             {`{"workload": {"w": {"isl": {"uniform": [0, 2]}}}}`, "$.workload.w.isl.uniform[0]: is below 1"},
		"length's shape":     {`{"workload": {"w": {"isl": {"gamma": [1, 2]}}}}`, "$.workload.w.isl: has no gamma"},
		"no reference":       {`{"benchmark": {"b": {"model": "m"}}}`, "$.benchmark.b.model: does not match ^\\$\\{"},
		"two suites":         {`{"suite": {"a": {}, "b": {}}}`, "$.suite: has 2 properties"},
		"two budgets":        {`{"budget": [{"usd": 1}, {"usd": 2}]}`, "$.budget: has 2 elements"},
		"no metric":          {`{"benchmark": {"b": {"slo": {"ttft_p98": "2s"}}}}`, "$.benchmark.b.slo: has no ttft_p98"},
		"quota":              {`{"provider": {"simulator": {"s": {"quota": {"H100": 0}}}}}`, "$.provider.simulator.s.quota.H100: is below 1"},
		"text for a number":  {`{"workload": {"w": {"requests": "many"}}}`, "$.workload.w.requests: does not match ^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$"},
		"dynamic of nothing": {`{"stage": {"load": {"dynamic": {"retri": {"for_each": [1], "content": {}}}}}}`, "$.stage.load.dynamic: has no retri"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found := misfits(schema, schema, parsed(t, []byte(tt.text)), "$")
			if !slices.Contains(found, tt.want) {
				t.Errorf("found %q, want %q among it", found, tt.want)
			}
		})
	}
}
