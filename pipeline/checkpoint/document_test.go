package checkpoint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decoded is what AddJSON has to give, by decoding the document.
func decoded(name string, value any) []string {
	line := func(name string, value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		return name + " = " + string(text)
	}
	var lines []string
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			lines = append(lines, decoded(name+"."+key, item)...)
		}
	case []any:
		nested := slices.ContainsFunc(v, func(item any) bool {
			_, object := item.(map[string]any)
			_, list := item.([]any)
			return object || list
		})
		if !nested {
			return []string{line(name, v)}
		}
		for i, item := range v {
			lines = append(lines, line(fmt.Sprintf("%s[%d]", name, i), item))
		}
	default:
		lines = append(lines, line(name, v))
	}
	slices.Sort(lines)
	return lines
}

// FuzzDocument holds the lines of a document, as an encoder writes it and spread out, against those of the decoded one.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":null,"b":[],"c":{},"d":[{}],"e":[[]],"f":""}`, `{"n":[1.50,-0,1e9,12345678901234567890],"t":[true,false,null]}`,
		`{"s":"a \"quoted\" \\ <b>&amp; Ü \u2028 \u0007 }],:{[","l":["},{","]"]}`, `{"Ü \"x\"<":{"b":2,"a":[{"z":1,"y":{"d":1,"c":[2,3]}},[1,{"q":0}]]}}`,
		`{"unkeyed":{"a":1},"x":{"unkeyed":2}}`, "{\"a\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var b Builder
		_ = b.AddJSON("x", text) // whatever it is, it comes to an end
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var value map[string]any
		if decoder.Decode(&value) != nil || value == nil {
			return
		}
		written, err := json.Marshal(value)
		if err != nil {
			t.Skip(err)
		}
		var spread bytes.Buffer
		if err := json.Indent(&spread, written, "", "\t"); err != nil {
			t.Fatal(err)
		}
		delete(value, "unkeyed")
		for _, document := range [][]byte{written, spread.Bytes()} {
			var b Builder
			if err := b.AddJSON("x", document); err != nil {
				t.Fatalf("%s: %v", document, err)
			}
			if diff := cmp.Diff(decoded("x", value), []string(b.Recipe())); diff != "" {
				t.Fatalf("%s\n%s", document, diff)
			}
		}
	})
}

func TestADocumentThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{`[1]`, `{"a":1`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":"b}`, `{"a":[1,{"b":}]}`, `{a:1}`, `7`, ` `} {
		var b Builder
		want := fmt.Sprintf("recipe of load.config: %q is no JSON object", text)
		if err := b.AddJSON("load.config", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}
