package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// mostBytes is the size of a file that nobody wrote by hand; a parser is not to be fed more than that.
const mostBytes = 1 << 20

// mostNesting keeps the parser, which calls itself for everything nested, from running out of stack.
const mostNesting = 500

// mostSyntax is how many mistakes against the syntax are shown of a file: where there are more, it is no suite.
const mostSyntax = 20

// byteOrderMark begins a file in UTF-8 of some editors. It means nothing.
var byteOrderMark = []byte("\xef\xbb\xbf")

// parse reads one file, JSON if it is called so.
func parse(p *hclparse.Parser, name string, diags *hcl.Diagnostics) *hcl.File {
	text, err := readText(name)
	if err != nil {
		*diags = diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "File not readable", Detail: sentence(err)})
		return nil
	}
	if !strings.HasSuffix(name, ".json") {
		f, found := native(p, text, name)
		*diags = append(*diags, found...)
		return f
	}
	if d := unfit(name, text, true); d != nil {
		*diags = diags.Append(d)
		return nil
	}
	text = bytes.TrimPrefix(text, byteOrderMark)
	f, found := p.ParseJSON(text, name)
	*diags = append(*diags, firstFault(text, found)...)
	return f
}

// Syntax parses a text in HCL's own syntax as Read does, for those who only look at how it is written. The file is nil if it is no such text.
func Syntax(name string, text []byte) (*hcl.File, hcl.Diagnostics) {
	return native(hclparse.NewParser(), text, name)
}

func native(p *hclparse.Parser, text []byte, name string) (*hcl.File, hcl.Diagnostics) {
	if d := unfit(name, text, false); d != nil {
		return nil, hcl.Diagnostics{d}
	}
	f, found := p.ParseHCL(text, name)
	return f, withoutConsequences(found)
}

// unfit says why a text is no suite at all, whatever its parser would make of each letter; nil if it may be one.
func unfit(name string, text []byte, isJSON bool) *hcl.Diagnostic {
	fault := func(at int, summary, format string, args ...any) *hcl.Diagnostic {
		line := 1 + bytes.Count(text[:at], []byte("\n"))
		column := 1 + at - (bytes.LastIndexByte(text[:at], '\n') + 1)
		pos := hcl.Pos{Line: line, Column: column, Byte: at}
		return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &hcl.Range{Filename: name, Start: pos, End: pos}}
	}
	switch zero := bytes.IndexByte(text, 0); {
	case bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")):
		return fault(0, "Text in UTF-16", "This file is in UTF-16. Save it in UTF-8.")
	case zero >= 0:
		return fault(zero, "Not a text", "This file has a zero byte, so it is no text: check the path.")
	case !utf8.Valid(text):
		at := invalidAt(text)
		return fault(at, "Not in UTF-8", "The byte 0x%02x does not belong to a text in UTF-8. Save the file in UTF-8, or write the letter anew.", text[at])
	case bytes.IndexByte(text, '\r') >= 0 && bytes.IndexByte(text, '\n') < 0:
		return fault(0, "Line ends missing", "The lines of this file end with a carriage return alone. Save it with the line ends of Unix or Windows.")
	case !isJSON && bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(text, byteOrderMark)), []byte("{")):
		return fault(0, "File in JSON", "This is JSON, not HCL. A suite in JSON has a name that ends in .hcl.json; a saved plan is carried out by inferencex run.")
	}
	return nil
}

// invalidAt is the first byte that is not part of UTF-8.
func invalidAt(text []byte) int {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// withoutConsequences keeps of what the parser says what is not a consequence of something before: the first in each line, and nothing after a string
// that was not closed, since from there on it takes text for code.
func withoutConsequences(diags hcl.Diagnostics) hcl.Diagnostics {
	var out hcl.Diagnostics
	lines := map[int]bool{}
	for _, d := range diags {
		if d.Subject != nil {
			if lines[d.Subject.Start.Line] {
				continue
			}
			lines[d.Subject.Start.Line] = true
		}
		if len(out) == mostSyntax {
			return out.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too many syntax errors", Detail: "There are more after this one. Is this file a suite?", Subject: d.Subject})
		}
		if out = append(out, d); d.Summary == "Invalid multi-line string" {
			break
		}
	}
	return out
}

// firstFault keeps what is wrong with a text in JSON: the rest, most of it said before, is said because of it.
func firstFault(text []byte, diags hcl.Diagnostics) hcl.Diagnostics {
	if len(diags) == 0 {
		return nil
	}
	vague := func(d *hcl.Diagnostic) int {
		return slices.Index([]string{"Unclosed object", "Root value must be object"}, d.Summary)
	}
	best := *slices.MinFunc(diags, func(a, b *hcl.Diagnostic) int { return vague(a) - vague(b) })
	best.Summary = strings.ReplaceAll(best.Summary, "seperator", "separator")
	at := text[min(best.Subject.Start.Byte, len(text)):]
	switch {
	case bytes.HasPrefix(at, []byte("//")) || bytes.HasPrefix(at, []byte("/*")) || bytes.HasPrefix(at, []byte("#")):
		best.Summary, best.Detail = "Comment in JSON", "JSON has no comments. A property with the name \"//\" is taken for one."
	case bytes.HasPrefix(at, []byte("'")):
		best.Summary, best.Detail = "Single quotes in JSON", "Texts and names stand in double quotes."
	}
	return hcl.Diagnostics{&best}
}

// missing says whether there is nothing of a name.
func missing(name string) bool {
	_, err := os.Stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// sentence is an error as a message.
func sentence(err error) string {
	text := err.Error()
	if strings.HasPrefix(text, "the ") || strings.HasPrefix(text, "there ") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return text + "."
}

// readText reads a file that is fit for a parser.
func readText(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > mostBytes:
		return nil, fmt.Errorf("%s is larger than %d bytes, which no suite needs: check the path", name, mostBytes)
	case strings.HasSuffix(name, ".json") && loops(text) > mostLoops:
		return nil, fmt.Errorf("%s has more than %d loops in one text; take it apart with local values, or write it in HCL's own syntax", name, mostLoops)
	case nesting(text) > mostNesting:
		return nil, fmt.Errorf("%s is nested more than %d deep, which no suite needs: take it apart with local values", name, mostNesting)
	}
	return text, nil
}

// mostLoops bounds the loops in one text of a JSON file. In the native syntax, what loops do is counted instead.
const mostLoops = 2

// loops is the most often that "for" stands in one text of a JSON file.
func loops(text []byte) int {
	most, here, inside := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inside, here = !inside, 0
		case c == '\\':
			i++
		case inside && bytes.HasPrefix(text[i:], []byte("for ")):
			here++
			most = max(most, here)
		}
	}
	return most
}

// nesting bounds from above how deep a parser would recurse: brackets that are open at once, and operators, splats and
// template conditions that follow each other. Text in quotes counts too; it would have to be very odd to matter.
func nesting(text []byte) int {
	open, most, run := 0, 0, 0
	for _, c := range text {
		switch c {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open = max(0, open-1)
		}
		switch c {
		case '!', '-':
			run++
		case ' ', '\t', '\n', '\r':
		default:
			run = 0
		}
		most = max(most, open, run)
	}
	return max(most, bytes.Count(text, []byte("[*]")), bytes.Count(text, []byte(".*")), bytes.Count(text, []byte("%{")))
}
