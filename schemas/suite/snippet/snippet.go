// Package snippet shows diagnostics to people: what is wrong, where, the lines it is about, and the values that were part of it.
//
// Its invariant: nothing that is shown can act on the terminal, a diagnostic takes a bounded number of lines of bounded length from a file, and a
// file is gone over once, however much is wrong with it.
package snippet

import (
	"bufio"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/schemas/plural"
)

const (
	// mostLines is how many lines of a file one diagnostic shows.
	mostLines = 6
	// mostColumns is how much of a line is shown: what is in question, with what stands around it.
	mostColumns = 160
)

// Writer writes diagnostics.
type Writer struct {
	out    io.Writer
	files  map[string]*hcl.File
	width  int // columns that text is wrapped to
	colour bool
	lines  map[string][]int // by file: the offset at which each of its lines starts
}

// New returns a Writer that takes snippets from files. Where a diagnostic is about a file that is not among them, its place is named, and
// nothing of it shown.
func New(out io.Writer, files map[string]*hcl.File, width int, colour bool) *Writer {
	return &Writer{out: out, files: files, width: width, colour: colour, lines: map[string][]int{}}
}

// Write writes diagnostics, each followed by an empty line. Of warnings of one kind about one place that follow each other it writes the
// first, and how many there are.
func (w *Writer) Write(diags hcl.Diagnostics) error {
	out := bufio.NewWriter(w.out)
	for i := 0; i < len(diags); i++ {
		d, alike := diags[i], 0
		for i+1 < len(diags) && sameWarning(d, diags[i+1]) {
			i, alike = i+1, alike+1
		}
		text := w.text(d)
		if alike > 0 {
			text += fmt.Sprintf("%s of the same place.\n\n", plural.Of(alike, "more warning"))
		}
		if _, err := out.WriteString(text); err != nil {
			return fmt.Errorf("write diagnostics: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write diagnostics: %w", err)
	}
	return nil
}

// sameWarning says whether two warnings are of one kind and about one place: what else the second could say, the first has said of
// something like it.
func sameWarning(a, b *hcl.Diagnostic) bool {
	return a.Severity == hcl.DiagWarning && b.Severity == hcl.DiagWarning && a.Summary == b.Summary && a.Subject != nil && b.Subject != nil && *a.Subject == *b.Subject
}

// text is one diagnostic as it is shown.
func (w *Writer) text(d *hcl.Diagnostic) string {
	var b strings.Builder
	word, colour := "Error", "31"
	if d.Severity == hcl.DiagWarning {
		word, colour = "Warning", "33"
	}
	fmt.Fprintf(&b, "%s: %s\n\n", w.paint(colour, word), harmless(d.Summary))
	if d.Subject != nil {
		b.WriteString(w.place(*d.Subject, d.Context))
		if d.Expression != nil && d.EvalContext != nil {
			b.WriteString(operands(d.Expression, d.EvalContext))
		}
	}
	if d.Detail != "" {
		fmt.Fprintf(&b, "%s\n\n", wrap(harmless(d.Detail), w.width))
	}
	return b.String()
}

func (w *Writer) paint(code, text string) string {
	if !w.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// place names where a diagnostic is about, and shows the lines.
func (w *Writer) place(at hcl.Range, context *hcl.Range) string {
	name := harmless(at.Filename)
	file := w.files[at.Filename]
	if file == nil || file.Bytes == nil {
		return fmt.Sprintf("  on %s line %d\n\n", name, at.Start.Line)
	}
	var b strings.Builder
	in := ""
	if nav, ok := file.Nav.(interface{ ContextString(offset int) string }); ok {
		if block := nav.ContextString(at.Start.Byte); block != "" {
			in = ", in " + harmless(block)
		}
	}
	fmt.Fprintf(&b, "  on %s line %d%s:\n", name, at.Start.Line, in)
	around := at
	if context != nil {
		around = hcl.RangeOver(at, *context)
	}
	starts := w.starts(at.Filename, file.Bytes)
	first, last := lineOf(starts, around.Start.Byte), lineOf(starts, max(around.Start.Byte, around.End.Byte-1))
	for i := first; i <= last; i++ {
		if i == first+mostLines {
			b.WriteString("      …\n")
			break
		}
		fmt.Fprintf(&b, "%4d: %s\n", i+1, w.line(file.Bytes, starts, i, at))
	}
	return b.String() + "\n"
}

// starts is the offset of each line of a file.
func (w *Writer) starts(name string, text []byte) []int {
	if known, ok := w.lines[name]; ok {
		return known
	}
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	w.lines[name] = starts
	return starts
}

// lineOf is the line that an offset is in, from 0.
func lineOf(starts []int, offset int) int {
	return max(0, sort.SearchInts(starts, offset+1)-1)
}

// line is the text of a line, with what is in question highlighted. Of a long line, that is the part that is shown.
func (w *Writer) line(text []byte, starts []int, i int, at hcl.Range) string {
	begin, end := starts[i], len(text)
	if i+1 < len(starts) {
		end = starts[i+1] - 1
	}
	if end > begin && text[end-1] == '\r' {
		end--
	}
	from := min(max(at.Start.Byte, begin), end)
	to := min(max(at.End.Byte, from), end)
	before, subject, after := shown(text[begin:from]), shown(text[from:to]), shown(text[to:end])
	if room := mostColumns; len(before)+len(subject)+len(after) > room {
		before = lastOf(before, room/4)
		subject = firstOf(subject, room/2)
		after = firstOf(after, max(room/4, room-len(before)-len(subject)))
	}
	return string(before) + w.paint("1;4", string(subject)) + string(after)
}

func shown(text []byte) []rune { return []rune(harmless(string(text))) }

func firstOf(text []rune, most int) []rune {
	if len(text) <= most {
		return text
	}
	return append(append([]rune(nil), text[:most-1]...), '…')
}

func lastOf(text []rune, most int) []rune {
	if len(text) <= most {
		return text
	}
	return append([]rune{'…'}, text[len(text)-most+1:]...)
}
