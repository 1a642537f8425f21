package dag

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func build(edges ...string) *Graph[string] {
	g := &Graph[string]{}
	for _, e := range edges {
		from, to, ok := strings.Cut(e, ">")
		if !ok {
			g.Add(from)
			continue
		}
		g.Connect(from, to)
	}
	return g
}

func TestOrder(t *testing.T) {
	for _, tc := range []struct {
		name  string
		edges []string
		want  string
	}{
		{"empty", nil, ""},
		{"ties keep the order of addition", []string{"c", "a", "b"}, "c a b"},
		{"edges come first", []string{"plot", "aggregate>plot", "load>aggregate", "deploy>load"}, "deploy load aggregate plot"},
		{"diamond", []string{"a>b", "a>c", "b>d", "c>d"}, "a b c d"},
		{"an edge twice is one edge", []string{"a>b", "a>b"}, "a b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := build(tc.edges...).Order()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOrderNamesTheCycle(t *testing.T) {
	_, err := build("a>b", "b>c", "c>d", "d>b", "d>e").Order()
	var cycle *CycleError[string]
	if !errors.As(err, &cycle) {
		t.Fatalf("got %v, want a CycleError", err)
	}
	if got := err.Error(); len(cycle.Cycle) != 3 || !strings.Contains(got+" → ", "b → c → d → ") && !strings.Contains(got, "c → d → b → c") && !strings.Contains(got, "d → b → c → d") {
		t.Errorf("got %q, want the three nodes b, c and d in the direction of the edges", got)
	}
}

func TestReduce(t *testing.T) {
	g := build("a>b", "b>c", "a>c", "c>d", "a>d", "b>d")
	r, err := g.Reduce()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range []string{"a", "b", "c", "d"} {
		for _, m := range r.After(n) {
			got = append(got, n+">"+m)
		}
	}
	if diff := cmp.Diff([]string{"a>b", "b>c", "c>d"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPictures(t *testing.T) {
	g := build(`load.x["a"]>plot`)
	look := func(n string) Look { return Look{Label: n, Faint: n == "plot"} }
	var dot, mermaid strings.Builder
	if err := errors.Join(g.WriteDOT(&dot, look), g.WriteMermaid(&mermaid, look)); err != nil {
		t.Fatal(err)
	}
	wantDOT := "digraph plan {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n" +
		"  n0 [label=\"load.x[\\\"a\\\"]\"];\n  n1 [label=\"plot\", style=dashed, color=gray60, fontcolor=gray40];\n  n0 -> n1;\n}\n"
	wantMermaid := "flowchart LR\n  n0[\"load.x[#quot;a#quot;]\"]\n  n1[\"plot\"]:::faint\n  n0 --> n1\n  classDef faint stroke-dasharray: 4 4,color:#777\n"
	if diff := cmp.Diff(wantDOT, dot.String()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantMermaid, mermaid.String()); diff != "" {
		t.Error(diff)
	}
}
