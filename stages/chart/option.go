package chart

import (
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// option is the root of an ECharts option. Its parts are go-echarts' structs;
// the types below add the few fields those lack. go-echarts' own chart types are
// not used: they draw random ids and write a page that loads scripts.
type option struct {
	BackgroundColor string          `json:"backgroundColor"`
	Animation       bool            `json:"animation"`
	TextStyle       *opts.TextStyle `json:"textStyle"`
	Title           []title         `json:"title"`
	Legend          *legend         `json:"legend,omitempty"`
	Tooltip         tooltip         `json:"tooltip"`
	Grid            []opts.Grid     `json:"grid"`
	XAxis           []valueAxis     `json:"xAxis"`
	YAxis           []valueAxis     `json:"yAxis"`
	Series          []series        `json:"series"`
}

func newOption() option {
	return option{
		BackgroundColor: paper,
		TextStyle:       &opts.TextStyle{FontFamily: render.FontFamily, Color: ink},
		// Rich text is drawn as text: a label can never become HTML.
		Tooltip: tooltip{
			Tooltip:    opts.Tooltip{Trigger: "item", BackgroundColor: paper, BorderColor: line},
			RenderMode: "richText", Confine: true, TextStyle: textStyle(textSize, ink, false),
		},
	}
}

// title is one line of text. Padding (top, right, bottom, left) is zero unless
// set, so that Left and Top are the text's own corner.
type title struct {
	opts.Title
	Padding [4]int `json:"padding"`
}

type tooltip struct {
	opts.Tooltip
	RenderMode string          `json:"renderMode"`
	Confine    bool            `json:"confine"`
	TextStyle  *opts.TextStyle `json:"textStyle"`
}

type legend struct {
	opts.Legend
	ItemGap int `json:"itemGap"`
}

// legendItem names a series and, unlike opts.Legend's list of strings, its icon.
type legendItem struct {
	Name      string          `json:"name"`
	Icon      string          `json:"icon,omitempty"`
	ItemStyle *opts.ItemStyle `json:"itemStyle,omitempty"`
}

// valueAxis is an axis whose range and ticks are set here, not by ECharts:
// labels are placed by pixel, so the scale must be known.
type valueAxis struct {
	opts.XAxis
	Interval      float64         `json:"interval,omitempty"`
	LogBase       float64         `json:"logBase,omitempty"`
	AxisLabel     *axisLabel      `json:"axisLabel,omitempty"`
	AxisTick      *axisTick       `json:"axisTick,omitempty"`
	NameTextStyle *opts.TextStyle `json:"nameTextStyle,omitempty"`
}

type axisLabel struct {
	opts.AxisLabel
	Interval     *int      `json:"interval,omitempty"` // 0 shows every category
	CustomValues []float64 `json:"customValues,omitempty"`
}

type axisTick struct {
	opts.AxisTick
	CustomValues []float64 `json:"customValues,omitempty"`
}

type series struct {
	charts.SingleSeries
	Z         int        `json:"z,omitempty"`
	Silent    bool       `json:"silent,omitempty"`
	MarkLine  *errorBars `json:"markLine,omitempty"`
	LineStyle *lineStyle `json:"lineStyle,omitempty"`
}

type lineStyle struct {
	opts.LineStyle
	Type any `json:"type,omitempty"` // "solid" or a dash list in pixels
}

// errorBars are whiskers from the lowest to the highest trial. The common
// ECharts bundle has no custom series, so they are mark lines with flat ends.
type errorBars struct {
	Symbol     []string         `json:"symbol"`
	SymbolSize []float64        `json:"symbolSize"`
	Silent     bool             `json:"silent"`
	Animation  bool             `json:"animation"`
	Label      opts.Label       `json:"label"`
	LineStyle  opts.LineStyle   `json:"lineStyle"`
	Data       [][2]errorBarEnd `json:"data"`
	Z          int              `json:"z"`
}

type errorBarEnd struct {
	Coord [2]float64 `json:"coord"`
}

// span is one whisker between two points in the axes' units.
func span(from, to [2]float64) [2]errorBarEnd { return [2]errorBarEnd{{from}, {to}} }

// whiskers returns nil where there is nothing to draw.
func whiskers(ends [][2]errorBarEnd, color string) *errorBars {
	if len(ends) == 0 {
		return nil
	}
	return &errorBars{
		Symbol: []string{"rect", "rect"}, SymbolSize: []float64{5, 1}, Silent: true,
		Label:     opts.Label{Show: opts.Bool(false)},
		LineStyle: opts.LineStyle{Color: color, Width: 1, Type: "solid"},
		Data:      ends, Z: 5,
	}
}

// datum is one data item of any series.
type datum struct {
	Name      string        `json:"name,omitempty"`
	Value     any           `json:"value"` // a number, a pair, or "-" for a gap
	ItemStyle *itemStyle    `json:"itemStyle,omitempty"`
	Label     *label        `json:"label,omitempty"`
	Tooltip   *opts.Tooltip `json:"tooltip,omitempty"`
}

type itemStyle struct {
	opts.ItemStyle
	Decal *decal `json:"decal,omitempty"`
}

type label struct {
	opts.Label
	Distance float64    `json:"distance"`
	Offset   [2]float64 `json:"offset"`
	// A halo in the paper's colour keeps text legible where a line passes under it.
	TextBorderColor string  `json:"textBorderColor,omitempty"`
	TextBorderWidth float64 `json:"textBorderWidth,omitempty"`
}

// decal is a hatching.
type decal struct {
	Color      string    `json:"color"`
	Symbol     string    `json:"symbol"`
	DashArrayX []float64 `json:"dashArrayX"`
	DashArrayY []float64 `json:"dashArrayY"`
	Rotation   float64   `json:"rotation"`
}

// hatched is how a bar of an invalid cell looks: an outline, hatched in its colour.
func hatched(color string) *itemStyle {
	return &itemStyle{
		ItemStyle: opts.ItemStyle{Color: paper, BorderColor: color, BorderWidth: 1},
		Decal: &decal{
			Color: color, Symbol: "rect", DashArrayX: []float64{60, 0}, DashArrayY: []float64{1.2, 2.8}, Rotation: -0.7853981633974483,
		},
	}
}

// px writes a length as go-echarts' string fields want it.
func px(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
