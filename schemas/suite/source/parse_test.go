package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

// A file that is no suite is called so once, where it shows.
func TestParse(t *testing.T) {
	tests := map[string]struct {
		name, text string
		want       []string // line:column summary: detail
	}{
		"windows":          {"s.hcl", "a = 1\r\nb = 2\r\n", nil},
		"byte order mark":  {"s.hcl", "\xef\xbb\xbfa = 1\n", nil},
		"marked JSON":      {"s.hcl.json", "\xef\xbb\xbf{\"a\": 1}", nil},
		"return inside":    {"s.hcl", "a = 1\n# \r \n", nil},
		"UTF-16":           {"s.hcl", "\xff\xfea\x00", []string{"1:1 Text in UTF-16: This file is in UTF-16. Save it in UTF-8."}},
		"program":          {"s.hcl", "\x7fELF\n\x02\x00\xff", []string{"2:2 Not a text: This file has a zero byte, so it is no text: check the path."}},
		"latin 1":          {"s.hcl", "a = 1\nb = \"\u00e9\xe9\"\n", []string{"2:8 Not in UTF-8: The byte 0xe9 does not belong to a text in UTF-8. Save the file in UTF-8, or write the letter anew."}},
		"old Macintosh":    {"s.hcl", "a = 1\rb = 2\r", []string{"1:1 Line ends missing: The lines of this file end with a carriage return alone. Save it with the line ends of Unix or Windows."}},
		"JSON for HCL":     {"s.plan", "\n{\"a\": 1}", []string{"1:1 File in JSON: This is JSON, not HCL. A suite in JSON has a name that ends in .hcl.json; a saved plan is carried out by inferencex run."}},
		"two in a line":    {"s.hcl", "a = 'x'\nb = $y\n", []string{"1:5 Invalid character: Single quotes are not valid. Use double quotes (\") to enclose strings.", "2:5 Invalid character: This character is not used within the language."}},
		"unclosed string":  {"s.hcl", "a = \"x\nb = 'y'\n", []string{"1:7 Invalid multi-line string: Quoted strings may not be split over multiple lines. To produce a multi-line string, either use the \\n escape to represent a newline character or use the \"heredoc\" multi-line template syntax."}},
		"JSON comment":     {"s.json", "{\n\"a\": {\n// c\n\"b\": 1}}", []string{"3:1 Comment in JSON: JSON has no comments. A property with the name \"//\" is taken for one."}},
		"JSON quotes":      {"s.json", "{'a': 1}", []string{"1:2 Single quotes in JSON: Texts and names stand in double quotes."}},
		"JSON comma":       {"s.json", "{\"a\": 1 \"b\": 2}", []string{"1:16 Missing attribute separator comma: A comma must appear between each property definition in an object."}},
		"JSON unclosed":    {"s.json", "{\"a\": 1", []string{"1:1 Unclosed object: No closing brace was found for this JSON object."}},
		"JSON of a number": {"s.json", "3", []string{"1:1 Root value must be object: The root value in a JSON-based configuration must be either a JSON object or a JSON array of objects."}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.name)
			if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, diags := Read(path, nil)
			if diff := cmp.Diff(tt.want, described(diags)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func described(diags hcl.Diagnostics) []string {
	var out []string
	for _, d := range diags {
		out = append(out, fmt.Sprintf("%d:%d %s: %s", d.Subject.Start.Line, d.Subject.Start.Column, d.Summary, d.Detail))
	}
	return out
}

// A text of another language does not flood the terminal.
func TestParseSomethingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.hcl")
	if err := os.WriteFile(path, []byte(strings.Repeat("<p>Hello;</p>\n", 300)), 0o644); err != nil {
		t.Fatal(err)
	}
	_, diags := Read(path, nil)
	if last := diags[len(diags)-1]; len(diags) > mostSyntax+1 || last.Summary != "Too many syntax errors" && len(diags) > mostSyntax {
		t.Errorf("%d diagnostics, the last %q", len(diags), last.Summary)
	}
}
