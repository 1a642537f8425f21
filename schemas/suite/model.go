package suite

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

// Model is a set of weights at a revision.
type Model struct {
	Name      string
	Repo      string // "Qwen/Qwen3-8B-FP8", or a path
	Revision  string // empty: whatever the repository has today
	Tokenizer string // empty: the model's own
	Range     hcl.Range
}

func modelBlock() block.Block {
	return block.Block{Kind: "model", Labels: []string{"name"}, Many: true, Body: Body{
		Doc: "A model to serve.",
		Args: []Arg{
			{Name: "repo", Type: cty.String, Required: true, Check: block.OneLine, Doc: "The repository on the Hugging Face hub, such as \"Qwen/Qwen3-8B-FP8\", or a path."},
			{Name: "revision", Type: cty.String, Check: block.OneLine, Doc: "The commit of the repository. Without one the weights can change under a result."},
			{Name: "tokenizer", Type: cty.String, Check: block.OneLine, Doc: "The repository of the tokenizer, where it is not the model's own."},
		},
	}}
}

func (l *loader) decodeModel(m *Model, c *block.Content) {
	m.Repo = block.String(c.Value, "repo")
	m.Revision = block.String(c.Value, "revision")
	m.Tokenizer = block.String(c.Value, "tokenizer")
	local := strings.HasPrefix(m.Repo, "/") || strings.HasPrefix(m.Repo, ".")
	if c.Broken || local || isCommit(m.Revision) {
		return
	}
	found := "has no revision"
	if m.Revision != "" {
		found = "follows " + m.Revision + ", which is not a commit"
	}
	l.warn(c.ArgRange("revision"), "Unpinned model revision", "Model %q %s: its weights can change between two runs that look the same. Set revision to the 40 digits of a commit.", m.Name, found)
}

// isCommit says whether a revision names a commit, in full or shortened as git does.
func isCommit(revision string) bool {
	return len(revision) >= 7 && strings.Trim(revision, "0123456789abcdef") == ""
}
