// Package render draws an ECharts option as a picture without a browser.
//
// Its invariant: one option gives one picture, byte for byte. The SVG comes
// from ECharts' own server-side rendering in a fresh pure-Go JavaScript VM,
// text is measured by the very font the PNG is drawn with, and the PNG is
// rasterised from that SVG and from nothing else, so the two cannot disagree.
package render

import (
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"github.com/dop251/goja"
)

//go:embed echarts/echarts.common.min.js
var echartsSource []byte

//go:embed prelude.js
var preludeSource string

// Frame is the surface a chart is drawn on.
type Frame struct {
	Width, Height int    // CSS pixels, both positive
	Title         string // what a screen reader announces; becomes the SVG's <title>
}

// Script returns the ECharts 6.1.0 bundle (Apache-2.0, see echarts/LICENSE and
// echarts/NOTICE) for pages that draw the same options interactively. It holds
// no "</script", so it may stand inside a script element as it is.
func Script() []byte { return append([]byte(nil), echartsSource...) }

// program is the parsed bundle. Parsing takes three times as long as drawing a
// chart, and a goja.Program is immutable, so every VM runs the same one.
var program = sync.OnceValues(func() (*goja.Program, error) {
	ast, err := goja.Parse("echarts.common.min.js", string(echartsSource))
	if err != nil {
		return nil, err
	}
	return goja.CompileAST(ast, false)
})

// SVG draws an ECharts option, given as JSON, and returns the picture as a
// standalone SVG document with white space kept, no script, no style sheet, no
// external reference and ids that depend on the option alone.
//
// Errors: a frame without area, an option that is not JSON or that ECharts
// rejects, or a drawing that uses an SVG feature PNG could not reproduce.
func SVG(option []byte, frame Frame) ([]byte, error) {
	if frame.Width <= 0 || frame.Height <= 0 {
		return nil, fmt.Errorf("draw chart: frame is %d×%d pixels, want both positive", frame.Width, frame.Height)
	}
	raw, err := runECharts(option, frame)
	if err != nil {
		return nil, fmt.Errorf("draw chart: %w", err)
	}
	root, err := parseSVG([]byte(raw))
	if err != nil {
		return nil, fmt.Errorf("draw chart: %w", err)
	}
	root.tidy()
	if frame.Title != "" {
		root.set("role", "img")
		title := &node{name: "title", text: frame.Title}
		root.children = append([]*node{title}, root.children...)
	}
	return root.bytes(), nil
}

// runECharts returns ECharts' own SVG string. The VM is fresh: ECharts numbers
// its ids from a counter that lives as long as the VM does.
func runECharts(option []byte, frame Frame) (string, error) {
	code, err := program()
	if err != nil {
		return "", fmt.Errorf("parse echarts: %w", err)
	}
	vm := goja.New()
	if err := vm.Set("measureText", cssTextWidth); err != nil {
		return "", err
	}
	if _, err := vm.RunScript("prelude.js", preludeSource); err != nil {
		return "", fmt.Errorf("prepare script engine: %w", err)
	}
	if _, err := vm.RunProgram(code); err != nil {
		return "", fmt.Errorf("load echarts: %w", err)
	}
	draw, ok := goja.AssertFunction(vm.Get("draw"))
	if !ok {
		return "", errors.New("prelude.js defines no draw function")
	}
	// The option travels as a string and is parsed in there: no label can become code.
	out, err := draw(goja.Undefined(), vm.ToValue(string(option)), vm.ToValue(frame.Width), vm.ToValue(frame.Height))
	if err != nil {
		return "", fmt.Errorf("run echarts: %w", err)
	}
	return out.String(), nil
}
