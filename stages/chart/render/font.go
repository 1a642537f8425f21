package render

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// FontFamily names the families a chart asks for, best first. Arial and
// Helvetica have Liberation Sans' advances, so a layout made for it holds on
// machines that lack it.
const FontFamily = "Liberation Sans, Arial, Helvetica, sans-serif"

// centralShift is how far below a text's middle its alphabetic baseline lies,
// in em: half of ascent minus descent of Liberation Sans (0.905 and 0.212).
const centralShift = (0.905 - 0.212) / 2

// parsedFonts are Liberation Sans in its two weights. An sfnt.Font is read-only.
var parsedFonts = sync.OnceValue(func() (f struct{ regular, bold *sfnt.Font }) {
	f.regular, f.bold = mustParse(liberationsansregular.TTF), mustParse(liberationsansbold.TTF)
	return f
})

func mustParse(ttf []byte) *sfnt.Font {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		panic(fmt.Sprintf("embedded font is damaged: %v", err)) // a bug in the build, not in the input
	}
	return f
}

func fontOf(bold bool) *sfnt.Font {
	if bold {
		return parsedFonts().bold
	}
	return parsedFonts().regular
}

// glyph is one character of a shaped line.
type glyph struct {
	index sfnt.GlyphIndex
	x     float64 // pen position from the line's start, pixels
}

// shape places the characters of one line: advances plus pair kerning, as
// browsers do by default. Size is in pixels per em; so is the width it returns.
func shape(text string, size float64, bold bool) (line []glyph, width float64) {
	f := fontOf(bold)
	var buf sfnt.Buffer
	// Metrics are read at one unit per font unit and scaled in floating point:
	// rounding each advance to 1/64 pixel would shift long lines visibly.
	em := fixed.I(int(f.UnitsPerEm()))
	scale := size / float64(f.UnitsPerEm())
	var pen fixed.Int26_6
	var previous sfnt.GlyphIndex
	for _, r := range text {
		index, err := f.GlyphIndex(&buf, r)
		if err != nil {
			index = 0
		}
		if previous != 0 && index != 0 {
			if kern, err := f.Kern(&buf, previous, index, em, font.HintingNone); err == nil {
				pen += kern
			}
		}
		line = append(line, glyph{index: index, x: toFloat(pen) * scale})
		advance, err := f.GlyphAdvance(&buf, index, em, font.HintingNone)
		if err != nil || index == 0 {
			advance = em // a foreign script is drawn by some other font: reserve a full em
		}
		pen += advance
		previous = index
	}
	return line, toFloat(pen) * scale
}

// TextWidth returns the width in pixels of one line of Liberation Sans at size
// pixels per em. A character the font lacks counts as one em.
func TextWidth(text string, size float64, bold bool) float64 {
	_, width := shape(text, size, bold)
	return width
}

// cssTextWidth measures text under a CSS font shorthand such as "bold 12px Arial".
func cssTextWidth(text, css string) float64 {
	size, bold := 12.0, false
	for word := range strings.FieldsSeq(css) {
		if px, ok := strings.CutSuffix(word, "px"); ok {
			if v, err := strconv.ParseFloat(px, 64); err == nil {
				size = v
				break // the family follows; "Bold" in a family's name is no weight
			}
		}
		bold = bold || isBold(word)
	}
	return TextWidth(text, size, bold)
}

// isBold reads a CSS font-weight.
func isBold(weight string) bool {
	if weight == "bold" || weight == "bolder" {
		return true
	}
	n, err := strconv.Atoi(weight)
	return err == nil && n >= 600
}

func toFloat(v fixed.Int26_6) float64 { return float64(v) / 64 }

// outline returns a glyph's contours at size pixels per em, its origin at the
// pen position and y downwards.
func outline(index sfnt.GlyphIndex, size float64, bold bool) (path, error) {
	f := fontOf(bold)
	var buf sfnt.Buffer
	units := float64(f.UnitsPerEm())
	segments, err := f.LoadGlyph(&buf, index, fixed.I(int(units)), nil)
	if err != nil {
		return nil, fmt.Errorf("load glyph %d: %w", index, err)
	}
	k := size / units
	var p path
	for _, s := range segments {
		at := func(i int) point { return point{toFloat(s.Args[i].X) * k, toFloat(s.Args[i].Y) * k} }
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if len(p) > 0 {
				p = append(p, segment{op: closePath})
			}
			p = append(p, segment{op: moveTo, to: at(0)})
		case sfnt.SegmentOpLineTo:
			p = append(p, segment{op: lineTo, to: at(0)})
		case sfnt.SegmentOpQuadTo:
			p = append(p, segment{op: quadTo, c1: at(0), to: at(1)})
		case sfnt.SegmentOpCubeTo:
			p = append(p, segment{op: cubeTo, c1: at(0), c2: at(1), to: at(2)})
		}
	}
	if len(p) > 0 {
		p = append(p, segment{op: closePath})
	}
	return p, nil
}

// round2 keeps a coordinate at 1/100 pixel, as ECharts writes them.
func round2(v float64) float64 { return math.Round(v*100) / 100 }
