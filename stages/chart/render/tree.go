package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// node is one element of the SVG subset that both writers understand.
type node struct {
	name     string
	attrs    []attr
	text     string // character data; only <text> and <title> have any
	children []*node
}

type attr struct{ name, value string }

// understood lists every element the rasteriser draws. Anything else is an
// error, so the PNG can never silently lack what the SVG shows.
var understood = []string{
	"svg", "g", "defs", "clipPath", "pattern", "title",
	"path", "rect", "circle", "polyline", "polygon", "text",
}

// parseSVG reads a document into a tree, keeping prefixes as they are written.
// Style sheets are dropped: a still picture has no hover.
func parseSVG(in []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(in))
	top := &node{}
	stack := []*node{top}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read svg: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local}
			if n.name != "style" && !slices.Contains(understood, n.name) {
				return nil, fmt.Errorf("svg element <%s> is not supported", n.name)
			}
			for _, a := range t.Attr {
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				n.attrs = append(n.attrs, attr{name, a.Value})
			}
			if n.name != "style" {
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, n)
			}
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 1 {
				return nil, fmt.Errorf("read svg: </%s> closes nothing", t.Name.Local)
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if n := stack[len(stack)-1]; n.name == "text" || n.name == "title" {
				n.text += string(t)
			}
		}
	}
	if len(stack) != 1 || len(top.children) != 1 || top.children[0].name != "svg" {
		return nil, errors.New("read svg: want exactly one complete <svg> element")
	}
	return top.children[0], nil
}

func (n *node) get(name string) string {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (n *node) set(name, value string) {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			n.attrs[i].value = value
			return
		}
	}
	n.attrs = append(n.attrs, attr{name, value})
}

// float reads a numeric attribute; absent means fallback.
func (n *node) float(name string, fallback float64) (float64, error) {
	s := n.get(name)
	if s == "" {
		return fallback, nil
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "px"), 64)
	if err != nil {
		return 0, fmt.Errorf("svg attribute %s=%q of <%s> is no number", name, s, n.name)
	}
	return v, nil
}

// style returns one property of the style attribute.
func (n *node) style(property string) string {
	for declaration := range strings.SplitSeq(n.get("style"), ";") {
		if key, value, ok := strings.Cut(declaration, ":"); ok && strings.TrimSpace(key) == property {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// tidy removes what only an interactive chart needs and what shows nothing, and
// replaces dominant-baseline, which many SVG to PDF converters ignore, by the
// offset it stands for.
func (n *node) tidy() {
	n.attrs = slices.DeleteFunc(n.attrs, func(a attr) bool {
		return a.name == "class" || a.name == "pointer-events" || a.name == "baseProfile" ||
			a.name == "xmlns:xlink" || strings.HasPrefix(a.name, "ecmeta_")
	})
	if n.name == "text" {
		n.settleBaseline()
	}
	n.children = slices.DeleteFunc(n.children, (*node).invisible)
	for _, child := range n.children {
		child.tidy()
	}
}

func (n *node) settleBaseline() {
	if n.get("dominant-baseline") != "central" {
		return
	}
	n.attrs = slices.DeleteFunc(n.attrs, func(a attr) bool { return a.name == "dominant-baseline" })
	y, _ := strconv.ParseFloat(n.get("y"), 64)
	size := fontSize(n)
	n.set("y", strconv.FormatFloat(round2(y+centralShift*size), 'f', -1, 64))
}

// invisible reports a shape that leaves no mark: the surface's empty rectangle,
// a title's unpainted box, a symbol of size zero that only carries a label.
func (n *node) invisible() bool {
	if n.name != "path" && n.name != "rect" {
		return false
	}
	noFill := n.get("fill") == "none" || n.get("fill") == "transparent" || n.get("fill-opacity") == "0"
	noStroke := n.get("stroke") == "" || n.get("stroke") == "none" || n.get("stroke-width") == "0"
	return noFill && noStroke || strings.HasPrefix(n.get("transform"), "matrix(0,0,0,0,")
}

func fontSize(n *node) float64 {
	if v, err := strconv.ParseFloat(strings.TrimSuffix(n.style("font-size"), "px"), 64); err == nil {
		return v
	}
	return 12 // ECharts' default
}

// bytes writes the tree, one element a line.
func (n *node) bytes() []byte {
	var b bytes.Buffer
	n.write(&b)
	return b.Bytes()
}

func (n *node) write(b *bytes.Buffer) {
	b.WriteString("<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + a.name + `="`)
		_ = xml.EscapeText(b, []byte(a.value)) // a bytes.Buffer takes every write
		b.WriteByte('"')
	}
	if n.text == "" && len(n.children) == 0 {
		b.WriteString("/>\n")
		return
	}
	b.WriteByte('>')
	_ = xml.EscapeText(b, []byte(n.text))
	if len(n.children) > 0 {
		b.WriteByte('\n')
	}
	for _, child := range n.children {
		child.write(b)
	}
	b.WriteString("</" + n.name + ">\n")
}
