package suite

import (
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/source"
)

// collect lists all files that were read, and puts them where snippets are taken from.
func (l *loader) collect() source.Set {
	all := l.src
	var texts []string
	seen := map[string]bool{}
	for i, src := range l.sources {
		for _, name := range src.Order {
			if i > 0 && !seen[name] {
				all.Order = append(all.Order, name)
			}
			seen[name] = true
		}
		for name, f := range src.Files {
			if !slices.Contains(src.Order, name) && !seen[name] {
				texts = append(texts, name)
				seen[name] = true
			}
			all.Files[name] = f
		}
	}
	sort.Strings(texts)
	l.suite.Files = append(slices.Clone(all.Order), texts...)
	return all
}

// split takes the files apart into blocks by kind, in source order.
func (l *loader) split() map[string][]*hcl.Block {
	schema := &hcl.BodySchema{}
	for _, b := range Blocks(l.opt) {
		schema.Blocks = append(schema.Blocks, b.Header())
	}
	byKind := map[string][]*hcl.Block{}
	for _, name := range l.src.Order {
		content, diags := l.src.Files[name].Body.Content(schema)
		l.diags = append(l.diags, diags...)
		for _, d := range diags {
			l.incomplete(d)
		}
		for _, blk := range content.Blocks {
			if l.parent != nil && slices.Contains(ofSuite(), blk.Type) {
				l.fail(blk.DefRange, "Misplaced block", "A module cannot have %s block: there is one for the whole suite. Move it to the suite's own files.", block.Article(blk.Type))
				continue
			}
			byKind[blk.Type] = append(byKind[blk.Type], blk)
		}
	}
	return byKind
}

// incomplete notes which kind of block a message about a malformed header is about, so that references to the block
// are not called mistakes too.
func (l *loader) incomplete(d *hcl.Diagnostic) {
	if d.Subject == nil {
		return
	}
	word := ""
	if d.Subject.CanSliceBytes(l.src.Files[d.Subject.Filename].Bytes) {
		word = strings.Trim(string(d.Subject.SliceBytes(l.src.Files[d.Subject.Filename].Bytes)), `"`)
	}
	for _, r := range roots() {
		kind := blockKind(r.Word)
		if strings.HasSuffix(d.Summary, " for "+kind) || block.Suggest(word, []string{kind}) != "" {
			l.scope.Incomplete(r.Word)
		}
	}
}

// blockKind is the kind of block that a root of references is declared by.
func blockKind(root string) string {
	switch root {
	case "var":
		return "variable"
	case "local":
		return "locals"
	}
	return root
}
