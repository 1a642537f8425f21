package expr

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// tree builds the variables of an evaluation: only what the expression refers to, evaluated now.
func (s *Scope) tree(refs []hcl.Traversal, used map[string]*node) map[string]cty.Value {
	byRoot := map[string]map[string]cty.Value{} // the second level is joined below
	inner := map[string]map[string]map[string]cty.Value{}
	for _, t := range refs {
		byRoot[t.RootName()] = map[string]cty.Value{} // even an empty root is an object
	}
	for _, address := range slices.Sorted(maps.Keys(used)) {
		n := used[address]
		v := s.evaluate(n)
		if len(n.Path) == 1 {
			byRoot[n.Root][n.Path[0]] = v
			continue
		}
		if inner[n.Root] == nil {
			inner[n.Root] = map[string]map[string]cty.Value{}
		}
		if inner[n.Root][n.Path[0]] == nil {
			inner[n.Root][n.Path[0]] = map[string]cty.Value{}
		}
		inner[n.Root][n.Path[0]][n.Path[1]] = v
	}
	for root, types := range inner {
		for name, values := range types {
			byRoot[root][name] = cty.ObjectVal(values)
		}
	}
	out := map[string]cty.Value{}
	for root, values := range byRoot {
		out[root] = cty.ObjectVal(values)
	}
	return out
}
