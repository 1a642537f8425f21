// Package page writes a run's results as one HTML file.
//
// Its invariant: the file is complete. It loads nothing, not even a font, and a
// policy inside it forbids the browser to try; without scripts it still shows
// every chart and every number. Text from a run is never markup.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// Page is everything the file shows, in this order.
type Page struct {
	Title     string
	Simulated bool     // shows a banner: no real GPU was measured
	Facts     []Fact   // what was run, on what, when
	Charts    []Chart  // ready to be drawn
	Table     Table    // the results
	Turns     Table    // what first turns of conversations were to later ones; without columns where there are no conversations
	Phases    Table    // what loads that change came to while they were one thing; without columns where none changes
	Servers   Table    // what servers say of themselves beside what the client measured; without columns where none says anything
	Missed    []Missed // objectives, a row a configuration
	Verdicts  []Reason // why cells are not plainly valid, each reason once
	Notes     []string // paragraphs at the end
}

// Fact is one row of the run's description.
type Fact struct{ Key, Value string }

// Chart is a figure with its still picture.
type Chart struct {
	Figure chart.Figure
	SVG    []byte // of the same figure; shown where scripts are off
}

// Table is a table of numbers.
type Table struct {
	Columns []Column
	Rows    [][]string // one text per column; "" is shown as a dash
}

// Column heads one column of the table.
type Column struct {
	Group      string // adjacent columns of one group have it above them; "": none
	Name, Unit string
	Doc        string // shown as tooltip
	Text       bool   // left-aligned; numbers are right-aligned
}

// Head is a cell of a table's head: a column, or a group of them.
type Head struct {
	Column
	Columns, Rows int // that it spans; a column whose neighbours have groups spans both rows
}

// Heads returns the rows of the table's head: one, or where there are groups these and then their columns.
func (t Table) Heads() [][]Head {
	grouped := slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Group != "" })
	var groups, columns []Head
	for _, c := range t.Columns {
		last := len(groups) - 1
		switch {
		case !grouped:
			columns = append(columns, Head{c, 1, 1})
			continue
		case c.Group == "":
			groups = append(groups, Head{c, 1, 2})
			continue
		case last >= 0 && groups[last].Group == c.Group:
			groups[last].Columns++
		default:
			groups = append(groups, Head{Column{Group: c.Group}, 1, 1})
		}
		c.Group = ""
		columns = append(columns, Head{c, 1, 1})
	}
	if !grouped {
		return [][]Head{columns}
	}
	return [][]Head{groups, columns}
}

// Missed says which objectives a configuration misses.
type Missed struct {
	Cell  string
	Notes []string // "ttft_p99 7.2 ms > 5 ms"
}

// Reason says why cells are invalid or valid with notes.
type Reason struct {
	Code    string
	Invalid bool   // all of its cells are
	Count   string // how many cells it is said of: "4 of 48 cells"
	Details []Detail
}

// Detail is what was found, the same in all of its cells.
type Detail struct {
	Text  string
	Cells []string // none where it is all of them
}

// Few reports that the cells' names take little room.
func (d Detail) Few() bool { return len(d.Cells) <= 6 }

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// chartView is what page.html sees of a chart.
type chartView struct {
	ID            string
	Title         string
	Width, Height int
	Option        json.RawMessage
	Still         template.URL // the SVG as a data URI: an image runs no script
}

// Write renders p as a self-contained HTML document. Equal pages give equal bytes.
//
// Errors: a table row whose length differs from the header's, two charts of one
// name, or w's own.
func Write(w io.Writer, p Page) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	var charts []chartView
	for _, c := range p.Charts {
		charts = append(charts, chartView{
			ID: "chart-" + c.Figure.Name, Title: c.Figure.Title, Width: c.Figure.Width, Height: c.Figure.Height,
			Option: c.Figure.Option,
			Still:  template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(c.SVG)),
		})
	}
	echarts := string(render.Script())
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("write page: parse template: %w", err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Page": p, "Charts": charts, "Dark": chart.Dark(),
		"CSS": template.CSS(pageCSS), "ECharts": template.JS(echarts), "JS": template.JS(pageJS),
		"Policy": policy(echarts, pageJS),
	})
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

func (p Page) check() error {
	for _, t := range []Table{p.Table, p.Turns, p.Phases, p.Servers} {
		for i, row := range t.Rows {
			if len(row) != len(t.Columns) {
				return fmt.Errorf("table row %d has %d cells for %d columns", i+1, len(row), len(t.Columns))
			}
		}
	}
	seen := map[string]bool{}
	for _, c := range p.Charts {
		if seen[c.Figure.Name] {
			return fmt.Errorf("two charts are named %q; ids on a page must differ", c.Figure.Name)
		}
		seen[c.Figure.Name] = true
	}
	return nil
}

// policy is a content security policy that allows the page's own scripts, by
// their hashes, and its images, and no connection of any kind.
func policy(scripts ...string) string {
	var hashes []string
	for _, s := range scripts {
		sum := sha256.Sum256([]byte(s))
		hashes = append(hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	return "default-src 'none'; script-src " + strings.Join(hashes, " ") +
		"; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
}
