package plan

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/suite"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// checkContext refuses cells with a request that is longer than their server takes: it would fail. context is
// how many tokens the server takes; 0: unknown, and nothing is refused. Requests are drawn as the load will
// draw them, so a distribution without a bound is refused only if it comes to too long a request.
func checkContext(d *deployment, context int, longest *longest) []finding {
	if context == 0 {
		return nil
	}
	var found []finding
	for _, c := range d.cells {
		if c.Workload.Dataset != nil {
			found = append(found, checkTexts(c, context, longest)...)
		} else {
			found = append(found, checkLengths(c, context, longest)...)
		}
	}
	return found
}

// checkLengths refuses a cell of which a request is drawn that is longer than its server takes.
func checkLengths(c *cell, context int, longest *longest) []finding {
	if most, bounded := mostTokens(c.Cell); bounded && most <= context {
		return nil
	}
	most := longest.drawn(c.Cell)
	switch w := c.Workload; {
	case most <= context:
		return nil
	case !w.Turns.IsZero():
		return []finding{find(c, c.Range, "Conversations too long",
			"With turns = %s, isl = %s and osl = %s, workload %q has conversations that grow to %d tokens, "+
				"but the server takes %d. Have fewer turns, shorten isl or osl, give a distribution a lower max, "+
				"or let the engine have a longer context.",
			w.Turns.Describe(), c.Input.Describe(), c.Output.Describe(), w.Name, most, context)}
	default:
		return []finding{find(c, c.Range, "Requests too long",
			"With isl = %s and osl = %s, workload %q has requests of up to %d tokens, "+
				"input and output together, but the server takes %d. Shorten them, "+
				"give a distribution a lower max, or let the engine have a longer context.",
			c.Input.Describe(), c.Output.Describe(), w.Name, most, context)}
	}
}

// checkTexts refuses a cell of which a text is longer than its server takes, as far as a tokenizer tells.
func checkTexts(c *cell, context int, longest *longest) []finding {
	if !countsOf(c.Cell).Exact() {
		return nil
	}
	text, err := longest.text(c.Cell, context)
	if err != nil || text.tokens <= context { // measureTexts has reported the error
		return nil
	}
	data, what := c.Workload.Dataset.Data, "which comes"
	if !c.Workload.Turns.IsZero() {
		what = "whose conversation grows"
	}
	return []finding{find(c, c.Range, "Requests too long",
		"Workload %q asks %s:%d, %s to %d tokens, input and output together, but the server takes %d. "+
			"%s, or let the engine have a longer context.",
		c.Workload.Name, data.Path, data.Entries[text.entry].Line, what, text.tokens, context,
		shorten(c.Cell, context-frontOf(c.Cell)))}
}

// frontOf is how many tokens stand in front of a cell's texts, about.
func frontOf(c suite.Cell) int {
	if c.Workload.Dataset.Unique {
		return c.Workload.SharedPrefixTokens + dataset.FrontWords
	}
	return c.Workload.SharedPrefixTokens
}

// shorten says how a dataset's entries come to fit into a context.
func shorten(c suite.Cell, context int) string {
	if !c.Workload.Turns.IsZero() {
		return "Have fewer turns"
	}
	return "Leave out what is too long, by keep = { " + fitting(c, context) + " }"
}

// fitting is the bound of a dataset's entries that fit into a context.
func fitting(c suite.Cell, context int) string {
	if c.Output.Kind == length.Text {
		return fmt.Sprintf("max_total = %d", context)
	}
	return fmt.Sprintf("max_isl = %d", max(1, context-max(c.Output.Most(), c.Output.Mean())))
}
