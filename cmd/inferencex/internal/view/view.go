// Package view shows plans, runs and diagnostics, to people and to programs. What a program may parse goes to stdout as JSON; the rest is
// for people and may change.
package view

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/schemas/suite/snippet"
)

// Run shows the events of a run. Its owner closes it when the run has ended.
type Run interface {
	event.Sink
	// Talk is where to say something while the run is shown.
	Talk() io.Writer
	Close()
}

// NewLines returns a view that writes every event as a line of JSON to data.
func NewLines(data, talk io.Writer) Run { return lines{event.NewLines(data), talk} }

type lines struct {
	*event.Lines
	talk io.Writer
}

func (l lines) Talk() io.Writer { return l.talk }
func (lines) Close()            {}

// JSON writes v, indented.
func JSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// diagnosticColumns is the width to which the text of diagnostics is wrapped.
const diagnosticColumns = 100

// Diagnostics prints what is wrong with a suite: with snippets to talk, or as one line of JSON to data.
func Diagnostics(talk, data io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File, asJSON, colour bool) error {
	if asJSON {
		return json.NewEncoder(data).Encode(map[string]any{"diagnostics": DiagnosticList(diags)})
	}
	return snippet.New(talk, files, diagnosticColumns, colour).Write(diags)
}

// Diagnostic is a diagnostic as programs read it.
type Diagnostic struct {
	Severity string    `json:"severity"`
	Summary  string    `json:"summary"`
	Detail   string    `json:"detail"`
	File     string    `json:"file,omitempty"`
	Start    *position `json:"start,omitempty"`
	End      *position `json:"end,omitempty"`
}

// position is a place in a file; lines and columns count from 1, bytes from 0.
type position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// DiagnosticList returns diagnostics as programs read them, an empty list for none.
func DiagnosticList(diags hcl.Diagnostics) []Diagnostic {
	list := make([]Diagnostic, 0, len(diags))
	for _, d := range diags {
		entry := Diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			entry.Severity = "warning"
		}
		if d.Subject != nil {
			start, end := position(d.Subject.Start), position(d.Subject.End)
			entry.File, entry.Start, entry.End = d.Subject.Filename, &start, &end
		}
		list = append(list, entry)
	}
	return list
}

// style colours text, or leaves it as it is.
type style bool

func (s style) paint(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) green(text string) string  { return s.paint("32", text) }
func (s style) red(text string) string    { return s.paint("31", text) }
func (s style) yellow(text string) string { return s.paint("33", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }
func (s style) bold(text string) string   { return s.paint("1", text) }

// indent puts every line but the first behind blanks.
func indent(text string, blanks int) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+strings.Repeat(" ", blanks))
}
