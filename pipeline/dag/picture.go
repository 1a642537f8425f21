package dag

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Look is how a node is drawn.
type Look struct {
	Label string
	Faint bool // drawn dashed: it will not run
}

// WriteDOT writes the graph in Graphviz' language, left to right.
func (g *Graph[N]) WriteDOT(w io.Writer, look func(N) Look) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "digraph plan {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];")
	for i, n := range g.nodes {
		style := ""
		if look(n).Faint {
			style = ", style=dashed, color=gray60, fontcolor=gray40"
		}
		fmt.Fprintf(out, "  n%d [label=%s%s];\n", i, strconv.Quote(look(n).Label), style)
	}
	for i, next := range g.out {
		for _, j := range next {
			fmt.Fprintf(out, "  n%d -> n%d;\n", i, j)
		}
	}
	fmt.Fprintln(out, "}")
	return out.Flush()
}

// WriteMermaid writes the graph as a Mermaid flowchart, left to right.
func (g *Graph[N]) WriteMermaid(w io.Writer, look func(N) Look) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "flowchart LR")
	for i, n := range g.nodes {
		label := strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(look(n).Label)
		class := ""
		if look(n).Faint {
			class = ":::faint"
		}
		fmt.Fprintf(out, "  n%d[\"%s\"]%s\n", i, label, class)
	}
	for i, next := range g.out {
		for _, j := range next {
			fmt.Fprintf(out, "  n%d --> n%d\n", i, j)
		}
	}
	fmt.Fprintln(out, "  classDef faint stroke-dasharray: 4 4,color:#777")
	return out.Flush()
}
