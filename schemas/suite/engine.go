package suite

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Engine is the server that runs a model.
type Engine struct {
	Name    string
	Kind    string // "vllm", "sglang", …; the name where it is not set
	Image   string // of a container; empty where the provider has its own
	Command []string
	Args    []string
	Env     map[string]block.Text
	Range   hcl.Range
}

func engineBlock() block.Block {
	return block.Block{Kind: "engine", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc: "A serving engine with its image and arguments.",
		Args: []block.Arg{
			{Name: "kind", Type: cty.String, Check: block.OneLine, Doc: "Which engine it is: vllm, sglang, llama.cpp. The block's name when omitted."},
			{Name: "image", Type: cty.String, Check: block.OneLine, Doc: "The container image, pinned by a tag or, better, a digest."},
			{Name: "command", Type: cty.List(cty.String), Check: block.NotEmpty, Doc: "The program and its first arguments, in place of the engine's own."},
			{Name: "args", Type: cty.List(cty.String), Doc: "Further arguments, after those that inferencex sets."},
			{Name: "env", Type: cty.Map(cty.String), Secret: true, Doc: "Environment variables of the server; those that are null are left out."},
		},
	}}
}

func (l *loader) decodeEngine(e *Engine, c *block.Content) {
	e.Kind = block.String(c.Value, "kind")
	if e.Kind == "" {
		e.Kind = c.Labels[0] // without the path of its module
	}
	e.Image = block.String(c.Value, "image")
	e.Command = block.Strings(c.Value, "command")
	e.Args = block.Strings(c.Value, "args")
	e.Env = block.TextMap(c.Value, "env")
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r == '=' || unicode.IsSpace(r) || unicode.IsControl(r) }) {
			l.fail(c.ArgRange("env"), "Invalid name", "%q is no name of an environment variable: it must not be empty, nor have blanks or an equals sign in it.", name)
		}
		if strings.ContainsRune(e.Env[name].Reveal(), 0) {
			l.fail(c.ArgRange("env"), "Invalid value", "The value of %q in \"env\" has a zero byte in it, which no environment variable can have.", name)
		}
	}
	if found := unpinned(e.Image); found != "" {
		l.warn(c.ArgRange("image"), "Unpinned image", "%s, so the engine can change between two runs that look the same. Write a version, such as \"vllm/vllm-openai:v0.11.2\", or a digest.", found)
	}
}

// unpinned says in words why an image may change under its name; empty if it is pinned, or no image at all.
func unpinned(image string) string {
	if image == "" || strings.Contains(image, "@sha256:") {
		return ""
	}
	last := image[strings.LastIndex(image, "/")+1:] // a colon before it belongs to the registry's port
	switch _, tag, tagged := strings.Cut(last, ":"); {
	case !tagged:
		return "The image has no tag"
	case tag == "latest" || tag == "":
		return "The image's tag is \"latest\""
	}
	return ""
}
