package chart

import (
	"slices"
	"strings"

	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// heading is the text block at a chart's top left corner.
type heading struct {
	title string
	lines []string
}

// head composes the heading: what was measured, whether it is simulated, the
// request's shape where all groups share it, trials and power where given.
func head(d Data, gs [][]Cell, trials, power string) heading {
	first := gs[0][0]
	h := heading{title: d.Title}
	same := func(part func(Cell) string) bool {
		return !slices.ContainsFunc(gs, func(g []Cell) bool { return part(g[0]) != part(first) })
	}
	if same(subject) {
		h.title = subject(first)
	}
	if h.title == "" {
		h.title = "Inference benchmark"
	}
	if d.Simulated && !strings.Contains(strings.ToLower(h.title), "simulated") {
		h.title += " (simulated)"
	}
	shape := ""
	if same(lengths) {
		shape = lengths(first)
	}
	for _, l := range []string{strings.Trim(shape+"; "+trials, "; "), power} {
		if l != "" {
			h.lines = append(h.lines, strings.ToUpper(l[:1])+l[1:])
		}
	}
	return h
}

// layout wraps the heading to width pixels and returns its titles with the
// height they take.
func (h heading) layout(left, top, width float64) (titles []title, bottom float64) {
	y := top
	put := func(text string, size int, color string, bold bool) {
		for _, l := range wrap(text, float64(size), bold, width) {
			titles = append(titles, textAt(l, left, y, size, color, bold))
			y += float64(size) + 5
		}
	}
	put(h.title, titleSize, ink, true)
	y += 1
	for _, l := range h.lines {
		put(l, textSize, faint, false)
	}
	return titles, y
}

// textAt is one line of text, its box's top left corner at (x, y).
func textAt(text string, x, y float64, size int, color string, bold bool) title {
	return title{Title: opts.Title{Title: text, Left: px(x), Top: px(y), TitleStyle: textStyle(size, color, bold)}}
}

// wrap breaks text into lines of at most width pixels, at blanks where it can
// and after "/" or "-", or anywhere, where a word alone is too wide.
func wrap(text string, size float64, bold bool, width float64) []string {
	var lines []string
	current := ""
	for word := range strings.FieldsSeq(text) {
		joined := strings.TrimSpace(current + " " + word)
		if render.TextWidth(joined, size, bold) <= width {
			current = joined
			continue
		}
		if current != "" {
			lines = append(lines, current)
		}
		current = word
		for render.TextWidth(current, size, bold) > width {
			n := breakAt(current, size, bold, width)
			lines = append(lines, current[:n])
			current = current[n:]
		}
	}
	return append(lines, current)
}

// breakAt returns how many bytes of an overlong word stay on the line: at least
// one character, up to the last "/", "-" or "_" in the second half if there is one.
func breakAt(word string, size float64, bold bool, width float64) int {
	fits := 0
	for i, r := range word {
		end := i + len(string(r))
		if fits > 0 && render.TextWidth(word[:end], size, bold) > width {
			break
		}
		fits = end
	}
	if at := strings.LastIndexAny(word[:fits], "/-_"); at >= fits/2 {
		return at + 1
	}
	return fits
}

// squeeze shortens a subject such as "org/long-model-name on H100" to at most width pixels in the middle of the model's name: how it begins
// and ends, and what it ran on, is what tells it from the others.
func squeeze(text string, size float64, bold bool, width float64) string {
	if render.TextWidth(text, size, bold) <= width {
		return text
	}
	tail := ""
	if at := strings.LastIndex(text, " on "); at > 0 {
		text, tail = text[:at], text[at:]
	}
	runes := []rune(text)
	for keep := len(runes) - 1; keep > 3; keep-- {
		short := string(runes[:(keep+1)/2]) + "…" + string(runes[len(runes)-keep/2:]) + tail
		if render.TextWidth(short, size, bold) <= width {
			return short
		}
	}
	return fit(text+tail, size, bold, width)
}

// fit shortens text with an ellipsis to at most width pixels.
func fit(text string, size float64, bold bool, width float64) string {
	if render.TextWidth(text, size, bold) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && render.TextWidth(string(runes)+"…", size, bold) > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
