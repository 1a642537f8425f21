package suite

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/tokenizer"
)

// Model is a set of weights at a revision.
type Model struct {
	Name      string
	Repo      string         // "Qwen/Qwen3-8B-FP8", or a path
	Revision  string         // empty: whatever the repository has today
	Tokenizer tokenizer.File // that counts prompts where a server does not; its Tokenizer is nil where none is given
	Range     hcl.Range
}

func modelBlock() block.Block {
	return block.Block{Kind: "model", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc: "A model to serve.",
		Args: []block.Arg{
			{Name: "repo", Type: cty.String, Required: true, Check: block.OneLine, Doc: "The repository on the Hugging Face hub, such as \"Qwen/Qwen3-8B-FP8\", or a path."},
			{Name: "revision", Type: cty.String, Check: block.OneLine, Doc: "The commit of the repository. Without one the weights can change under a result."},
			{Name: "tokenizer", Type: cty.String, Check: block.OneLine, Doc: "The path of the model's tokenizer.json in the suite's folder. By it, prompts get their lengths from servers that cannot tell how they make tokens of a text, and answers of a dataset are counted. Its content, not its path, is part of the checkpoint key."},
		},
	}}
}

func (l *loader) decodeModel(m *Model, c *block.Content) {
	m.Repo = block.String(c.Value, "repo")
	m.Revision = block.String(c.Value, "revision")
	l.readTokenizer(m, c)
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

// readTokenizer reads the model's tokenizer.json.
func (l *loader) readTokenizer(m *Model, c *block.Content) {
	path := block.String(c.Value, "tokenizer")
	if path == "" {
		return
	}
	text, err := l.src.Data(path)
	if err != nil {
		l.fail(c.ArgRange("tokenizer"), "Tokenizer not readable", "%s. The tokenizer of a model is a tokenizer.json, as its repository has it, in the folder of the suite.", capital(err.Error()))
		return
	}
	m.Tokenizer = tokenizer.File{Path: path, Digest: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}
	if known, ok := l.tokenizers[m.Tokenizer.Digest]; ok {
		m.Tokenizer.Tokenizer = known
		return
	}
	if m.Tokenizer.Tokenizer, err = tokenizer.Parse([]byte(text)); err != nil {
		l.fail(c.ArgRange("tokenizer"), "Tokenizer not readable", "%s: %v. Take the argument out: prompts are then fitted by what the server counts.", path, err)
		return
	}
	l.tokenizers[m.Tokenizer.Digest] = m.Tokenizer.Tokenizer
}

// isCommit says whether a revision names a commit, in full or shortened as git does.
func isCommit(revision string) bool {
	return len(revision) >= 7 && strings.Trim(revision, "0123456789abcdef") == ""
}
