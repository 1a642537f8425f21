// Package chart turns measured cells into figures fit for a paper.
//
// Its invariant: a chart shows what was measured and nothing else. A missing
// value is a gap that says so and never a zero, an invalid cell is marked, a
// simulated run is called simulated, and equal data give equal bytes.
package chart

import (
	"encoding/json"
	"fmt"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// Def is one chart. Add one by writing its file and listing it in All.
type Def struct {
	Name  string // file name without extension, such as "panels"
	Title string // heading on the page
	Build func(Data) (Figure, error)
}

// All lists every chart in the order the page shows them.
func All() []Def {
	return []Def{panels(), pareto(), latencyCurve()}
}

// Figure is a chart ready to be drawn.
type Figure struct {
	Name          string          // the Def's
	Title         string          // one line for headings and alternative text
	Width, Height int             // CSS pixels
	Option        json.RawMessage // an ECharts option; < > & are escaped as \u003c and so on
}

// SVG draws the figure as a standalone SVG document.
func (f Figure) SVG() ([]byte, error) {
	svg, err := render.SVG(f.Option, render.Frame{Width: f.Width, Height: f.Height, Title: f.Title})
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", f.Name, err)
	}
	return svg, nil
}

// figure marshals the option and names the result.
func figure(name, title string, width, height int, o option) (Figure, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return Figure{}, fmt.Errorf("chart %s: encode option: %w", name, err)
	}
	return Figure{Name: name, Title: title, Width: width, Height: height, Option: raw}, nil
}

// errNoCells is what Build returns for data without a single cell.
func errNoCells(name string) error {
	return fmt.Errorf("chart %s: the results hold no cell to draw; check that aggregate kept at least one", name)
}
