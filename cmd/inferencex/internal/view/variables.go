package view

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// Variables lists the variables of a suite with their values and who gave them. Sensitive values are not shown.
func Variables(out io.Writer, variables []*suite.Variable, asJSON bool) error {
	if asJSON {
		type entry struct {
			Name     string   `json:"name"`
			Value    string   `json:"value"`
			Source   string   `json:"source"`
			Overrode []string `json:"overrode,omitempty"`
		}
		entries := []entry{}
		for _, v := range variables {
			entries = append(entries, entry{named(v), shown(v), v.Source.String(), overrode(v)})
		}
		return JSON(out, map[string]any{"variables": entries})
	}
	w := bufio.NewWriter(out)
	if len(variables) == 0 {
		fmt.Fprintln(w, "The suite has no variables.")
	}
	for _, v := range variables {
		fmt.Fprintf(w, "%s = %s  (%s", named(v), shown(v), v.Source)
		if others := overrode(v); len(others) > 0 {
			fmt.Fprintf(w, ", over %s", strings.Join(others, ", "))
		}
		fmt.Fprintln(w, ")")
	}
	return w.Flush()
}

// named returns the name of a variable, with the module that it belongs to.
func named(v *suite.Variable) string {
	if v.Module == "" {
		return v.Name
	}
	return "module." + v.Module + "." + v.Name
}

func overrode(v *suite.Variable) []string {
	var names []string
	for _, s := range v.Overrode {
		names = append(names, s.String())
	}
	return names
}

// shown returns a value as JSON, or what stands for it.
func shown(v *suite.Variable) string {
	if v.Sensitive {
		return "(sensitive)"
	}
	value, _ := v.Value.UnmarkDeep()
	if value == cty.NilVal {
		return "null"
	}
	text, err := block.CanonicalJSON(value)
	if err != nil {
		return "(unknown)"
	}
	return string(text)
}
