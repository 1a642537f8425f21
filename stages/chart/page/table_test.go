package page

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeads(t *testing.T) {
	cell, server, client, wait := Column{Name: "Cell", Text: true}, Column{Name: "server", Unit: "s"}, Column{Name: "client"}, Column{Name: "wait"}
	of := func(group string, c Column) Column {
		c.Group = group
		return c
	}
	for _, c := range []struct {
		name    string
		columns []Column
		want    [][]Head
	}{
		{"no groups", []Column{cell, server}, [][]Head{{{cell, 1, 1}, {server, 1, 1}}}},
		{
			"groups beside a column of none",
			[]Column{cell, of("TTFT", server), of("TTFT", client), of("Queue", wait), of("Hits", server)},
			[][]Head{
				{{cell, 1, 2}, {Column{Group: "TTFT"}, 2, 1}, {Column{Group: "Queue"}, 1, 1}, {Column{Group: "Hits"}, 1, 1}},
				{{server, 1, 1}, {client, 1, 1}, {wait, 1, 1}, {server, 1, 1}},
			},
		},
		{
			"a group in two places",
			[]Column{of("TTFT", server), cell, of("TTFT", client)},
			[][]Head{{{Column{Group: "TTFT"}, 1, 1}, {cell, 1, 2}, {Column{Group: "TTFT"}, 1, 1}}, {{server, 1, 1}, {client, 1, 1}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Table{Columns: c.columns}.Heads()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
