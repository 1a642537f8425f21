package result

import (
	"slices"
	"strings"
)

// Provenance is what the cells together say of where their numbers are from: each list has its values once, in the order of the cells.
type Provenance struct {
	Models    []string // repository@revision
	Engines   []string // kind and version, as the endpoints say where they do, and image and arguments, as the suite does
	Providers []string // type and name
	GPUNames  []string // as seen from inside of the servers
	Runs      []string // that measured cells
	From, To  string   // RFC 3339: when the first and the last load began; empty where nothing was measured
}

// Provenance gathers what the cells say.
func (r Results) Provenance() Provenance {
	var p Provenance
	for _, c := range r.Cells {
		once(&p.Models, strings.TrimSuffix(c.Repo+"@"+c.Revision, "@"))
		if c.ServerEngine != "" || !r.served(c) {
			once(&p.Engines, c.engine())
		}
		once(&p.Providers, c.provider())
		for _, name := range c.GPUNames {
			once(&p.GPUNames, name)
		}
		once(&p.Runs, c.Run)
		if at := c.MeasuredAt; at != "" {
			if p.From == "" || at < p.From {
				p.From = at
			}
			p.To = max(p.To, at)
		}
	}
	return p
}

// served reports whether a cell of the same engine and provider was measured, which then says more of the engine than the plan can.
func (r Results) served(c Cell) bool {
	return slices.ContainsFunc(r.Cells, func(o Cell) bool {
		return o.ServerEngine != "" && o.Engine == c.Engine && o.Provider == c.Provider
	})
}

// engine says in one line what served the cell.
func (c Cell) engine() string {
	words := []string{c.ServerEngine}
	if c.ServerEngine == "" || c.ServerEngine == "unknown" {
		words[0] = c.EngineKind
	}
	for _, word := range []string{c.EngineVersion, c.EngineImage, c.EngineArgs} {
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// provider is the name of the suite's block, which begins with its type, or the type alone.
func (c Cell) provider() string {
	if c.Provider != "" {
		return c.Provider
	}
	return c.ProviderType
}

func once(list *[]string, value string) {
	if value != "" && !slices.Contains(*list, value) {
		*list = append(*list, value)
	}
}
