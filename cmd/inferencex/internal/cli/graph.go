package cli

import (
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/dag"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

func newGraph(app *App) *cobra.Command {
	var f suiteFlags
	var format string
	cmd := &cobra.Command{
		Use:   "graph [SUITE]",
		Short: "Draw the plan's graph (dot, mermaid or json)",
		Args:  oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.json && cmd.Flags().Changed("format") && format != "json" {
				return exit(ExitConfig, "-json and -format %s exclude each other", format)
			}
			if f.json {
				format = "json"
			}
			l, err := app.load(f, args)
			if err != nil {
				return err
			}
			p, err := app.planOverExisting(l, f)
			if err != nil {
				return err
			}
			return writeGraph(app, p, format)
		},
	}
	f.register(cmd)
	f.registerDir(cmd)
	f.registerTarget(cmd)
	cmd.Flags().StringVar(&format, "format", "dot", "`form` of the picture: dot, mermaid or json")
	return cmd
}

func writeGraph(app *App, p *plan.Plan, format string) error {
	graph, err := p.Graph().Reduce()
	if err != nil {
		return err
	}
	faint := map[addr.Step]bool{}
	for _, step := range p.Steps {
		faint[step.Address] = step.Action != plan.Run
	}
	look := func(n addr.Step) dag.Look { return dag.Look{Label: n.String(), Faint: faint[n]} }
	switch format {
	case "dot":
		return graph.WriteDOT(app.Stdout, look)
	case "mermaid":
		return graph.WriteMermaid(app.Stdout, look)
	case "json":
		return view.JSON(app.Stdout, graphJSON(p, graph))
	default:
		return exit(ExitConfig, "-format %s: want dot, mermaid or json", format)
	}
}

// graphDocument is the JSON form of a graph: an edge points from a step to one that comes after it.
type graphDocument struct {
	Nodes []graphNode    `json:"nodes"`
	Edges [][2]addr.Step `json:"edges"`
}

type graphNode struct {
	Address addr.Step   `json:"address"`
	Action  plan.Action `json:"action"`
}

func graphJSON(p *plan.Plan, graph *dag.Graph[addr.Step]) graphDocument {
	doc := graphDocument{Edges: [][2]addr.Step{}}
	for _, step := range p.Steps {
		doc.Nodes = append(doc.Nodes, graphNode{step.Address, step.Action})
		for _, next := range graph.After(step.Address) {
			doc.Edges = append(doc.Edges, [2]addr.Step{step.Address, next})
		}
	}
	return doc
}
