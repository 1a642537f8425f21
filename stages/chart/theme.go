package chart

import (
	"slices"

	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// The colours of everything that is not data.
const (
	paper = "#ffffff" // background
	ink   = "#1b1f24" // titles, values
	faint = "#57606a" // units, axis labels
	rule  = "#dfe3e8" // grid lines
	line  = "#8c959f" // axis lines
	veil  = "#c9d1d9" // the frontier, drawn under the data
)

// veils are the colours of the frontiers, one for each group of rivals: as pale as the first, so that the data stand before them.
func veils() []string { return []string{veil, "#f5cfa8", "#b5dfca", "#dcc3e3", "#b9d9ee"} }

// Dark maps the light colours of an option to their twins for a dark page. The
// colours of data stay as they are but for two that would sink into it.
func Dark() map[string]string {
	return map[string]string{
		paper: "#161b22", ink: "#e6edf3", faint: "#9da7b3", rule: "#30363d", line: "#6e7681", veil: "#484f58",
		"#f5cfa8": "#6b4a22", "#b5dfca": "#1f5c42", "#dcc3e3": "#5c4069", "#b9d9ee": "#274f6b",
		"#0072b2": "#3d9be0", "#332288": "#9d8df1",
	}
}

// Type sizes in CSS pixels.
const (
	titleSize  = 15
	headSize   = 12
	textSize   = 11
	detailSize = 10
)

// look is how one GPU count is drawn in every chart. The symbol repeats what
// the colour says, for print without colour.
type look struct {
	gpus          int
	color, symbol string
}

// palette is that of Okabe and Ito (2008), which stays apart under the common
// colour-vision deficiencies, filled up with two hues of Tol's. The usual GPU
// counts are fixed, so a count has one colour in every chart of every run.
func palette() []look {
	return []look{
		{1, "#0072b2", "circle"},
		{2, "#e69f00", "rect"},
		{4, "#009e73", "triangle"},
		{8, "#d55e00", "diamond"},
		{16, "#cc79a7", "roundRect"},
		{32, "#56b4e9", "pin"},
		{64, "#332288", "arrow"},
		{-1, "#999933", "circle"},
	}
}

// looks assigns a look to each of the distinct counts. An unusual count takes
// the last look still free; when none is, looks repeat.
func looks(counts []int) map[int]look {
	out := map[int]look{}
	free := palette()
	for _, n := range counts {
		if i := slices.IndexFunc(free, func(l look) bool { return l.gpus == n }); i >= 0 {
			out[n] = free[i]
			free = slices.Delete(free, i, i+1)
		}
	}
	for _, n := range counts {
		if _, taken := out[n]; taken {
			continue
		}
		if len(free) == 0 {
			free = palette()
		}
		out[n] = free[len(free)-1]
		free = free[:len(free)-1]
	}
	return out
}

func textStyle(size int, color string, bold bool) *opts.TextStyle {
	weight := "normal"
	if bold {
		weight = "bold"
	}
	return &opts.TextStyle{
		Color: color, FontFamily: render.FontFamily, FontSize: size, FontWeight: weight, LineHeight: size + 4,
	}
}
