package render_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// oneBar is a bar of 60 out of 100 in a plotting area of 200×50 pixels at (50, 40).
func oneBar(t *testing.T, title string, style map[string]any) []byte {
	t.Helper()
	hidden := map[string]any{"show": false}
	option, err := json.Marshal(map[string]any{
		"backgroundColor": "#ffffff",
		"title":           map[string]any{"text": title, "left": "10", "top": "5"},
		"grid":            map[string]any{"left": 50, "top": 40, "width": 200, "height": 50},
		"xAxis":           map[string]any{"type": "value", "min": 0, "max": 100, "splitLine": hidden, "axisLabel": hidden},
		"yAxis":           map[string]any{"type": "category", "data": []string{title}, "axisLine": hidden, "axisTick": hidden, "axisLabel": hidden},
		"series": []any{map[string]any{
			"type": "bar", "barWidth": "100%", "data": []any{map[string]any{"value": 60, "itemStyle": style}},
			"label": map[string]any{"show": true, "position": "right"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return option
}

var frame = render.Frame{Width: 300, Height: 120, Title: "One bar"}

func draw(t *testing.T, option []byte) []byte {
	t.Helper()
	svg, err := render.SVG(option, frame)
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

func TestSVGIsTheSameEveryTime(t *testing.T) {
	option := oneBar(t, "again", map[string]any{"color": "#0072b2"})
	if diff := cmp.Diff(string(draw(t, option)), string(draw(t, option))); diff != "" {
		t.Errorf("second drawing differs (-first +second):\n%s", diff)
	}
}

func TestSVGKeepsHostileTextAsText(t *testing.T) {
	for _, title := range []string{
		`</script><script>alert(1)</script>`, `a & b &amp; c`, `"double" 'single'`, `]]><!-- -->`, "é µ ≥ – 模型 🚀",
	} {
		t.Run(title, func(t *testing.T) {
			svg := draw(t, oneBar(t, title, nil))
			if bytes.Contains(svg, []byte("<script")) {
				t.Errorf("SVG holds a script element:\n%s", svg)
			}
			if got := texts(t, svg); !cmp.Equal(got[len(got)-1], title) {
				t.Errorf("texts are %q, want the last to be %q", got, title)
			}
		})
	}
}

func TestSVGIsAStillPicture(t *testing.T) {
	svg := string(draw(t, oneBar(t, "still", nil)))
	for _, noise := range []string{"class=", "<style", "ecmeta", "pointer-events", "dominant-baseline", "NaN", "undefined"} {
		if strings.Contains(svg, noise) {
			t.Errorf("SVG holds %q:\n%s", noise, svg)
		}
	}
	if !strings.Contains(svg, "<title>One bar</title>") {
		t.Errorf("SVG lacks its title:\n%s", svg)
	}
}

func TestSVGErrors(t *testing.T) {
	ok := oneBar(t, "x", nil)
	for _, tc := range []struct {
		name   string
		option []byte
		frame  render.Frame
		want   string
	}{
		{"no area", ok, render.Frame{Width: 0, Height: 10}, "draw chart: frame is 0×10 pixels, want both positive"},
		{"not JSON", []byte("{"), frame, "draw chart: run echarts: SyntaxError"},
		{"axes missing", []byte(`{"series":[{"type":"bar","data":[1]}]}`), frame, "draw chart: run echarts: TypeError"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := render.SVG(tc.option, tc.frame)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("SVG error = %v, want %q…", err, tc.want)
			}
		})
	}
}

func TestPNGShowsTheBarWhereItStands(t *testing.T) {
	blue := color.NRGBA{0x00, 0x72, 0xb2, 255}
	white := color.NRGBA{255, 255, 255, 255}
	svg := draw(t, oneBar(t, "bar", map[string]any{"color": "#0072b2"}))
	for _, scale := range []float64{1, 2, 3} {
		raw, err := render.PNG(svg, scale)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := img.Bounds().Max.X, int(300*scale); got != want {
			t.Errorf("scale %g: width %d, want %d", scale, got, want)
		}
		at := func(x, y float64) color.NRGBA {
			return color.NRGBAModel.Convert(img.At(int(x*scale), int(y*scale))).(color.NRGBA)
		}
		for _, p := range []struct {
			x, y float64
			want color.NRGBA
		}{{52, 42, blue}, {110, 65, blue}, {168, 88, blue}, {172, 45, white}, {45, 65, white}, {110, 95, white}} {
			if got := at(p.x, p.y); got != p.want {
				t.Errorf("scale %g: pixel at (%g, %g) is %v, want %v", scale, p.x, p.y, got, p.want)
			}
		}
	}
}

func TestPNGPaintsHatchingInsideItsBarOnly(t *testing.T) {
	decal := map[string]any{
		"symbol": "rect", "color": "#d55e00", "rotation": -0.785,
		"dashArrayX": []float64{60, 0}, "dashArrayY": []float64{2, 3},
	}
	svg := draw(t, oneBar(t, "hatched", map[string]any{"color": "#ffffff", "decal": decal}))
	raw, err := render.PNG(svg, 2)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	orange, dark := 0, 0
	for y := range img.Bounds().Max.Y {
		for x := range img.Bounds().Max.X {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			if c == (color.NRGBA{0xd5, 0x5e, 0x00, 255}) {
				orange++
				if x < 99 || x > 341 || y < 79 || y > 181 {
					t.Fatalf("hatching outside the bar at (%d, %d)", x, y)
				}
			}
			if c.R < 100 && y < 60 {
				dark++
			}
		}
	}
	if bar := 240 * 100; orange < bar/5 || orange > bar*3/5 {
		t.Errorf("hatching covers %d of %d pixels, want about two fifths", orange, bar)
	}
	if dark == 0 {
		t.Error("the title, drawn after the hatching, is missing: the clip was not released")
	}
}

func TestPNGErrors(t *testing.T) {
	svg := func(body string) string { return `<svg width="10" height="10">` + body + `</svg>` }
	for _, tc := range []struct {
		name, svg string
		scale     float64
		want      string
	}{
		{"no scale", svg(""), 0, "rasterise chart: picture of 10×10 at scale 0 is not between one and 1e+08 pixels"},
		{"too large", svg(""), 1e4, "rasterise chart: picture of 10×10 at scale 10000 is not between one and 1e+08 pixels"},
		{"foreign element", svg("<image/>"), 1, "rasterise chart: svg element <image> is not supported"},
		{"cut short", "<svg><g>", 1, "rasterise chart: read svg: want exactly one complete <svg> element"},
		{"path command", svg(`<path d="M0 0T5 5"/>`), 1, `rasterise chart: path command 'T' is not supported`},
		{"colour name", svg(`<path d="M0 0L5 5" fill="mauve"/>`), 1, `rasterise chart: svg colour "mauve" is not supported`},
		{"transform", svg(`<path d="M0 0" transform="skewX(3)"/>`), 1, `rasterise chart: svg transform "skewX(3)" is not supported`},
		{"lost pattern", svg(`<rect fill="url(#p)"/>`), 1, `rasterise chart: svg refers to pattern "p", which it does not define`},
		{"lost clip", svg(`<g clip-path="url(#c)"/>`), 1, `rasterise chart: svg refers to clip path "c", which it does not define`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := render.PNG([]byte(tc.svg), tc.scale)
			if err == nil || err.Error() != tc.want {
				t.Errorf("PNG error = %v, want %q", err, tc.want)
			}
		})
	}
}

func TestScriptMayStandInAScriptElement(t *testing.T) {
	script := bytes.ToLower(render.Script())
	for _, bad := range []string{"</script", "<!--"} {
		if bytes.Contains(script, []byte(bad)) {
			t.Errorf("the bundle holds %q", bad)
		}
	}
	if !bytes.Contains(script, []byte("licensed to the apache software foundation")) {
		t.Error("the bundle lost its licence header")
	}
}

// texts returns the contents of all text elements in order.
func texts(t *testing.T, svg []byte) (out []string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "text" {
			var text string
			if err := d.DecodeElement(&text, &start); err != nil {
				t.Fatal(err)
			}
			out = append(out, text)
		}
	}
}
