package suite

import (
	_ "embed"

	"github.com/strangeloopio/inferencex/schemas/suite/expr"
	"github.com/strangeloopio/inferencex/schemas/suite/manual"
)

// JSONSchema is the JSON Schema of suites in JSON (*.hcl.json), for editors: what it refuses is wrong, what it accepts
// may still be. It says what the definitions in Blocks say.
func JSONSchema(opt Options) ([]byte, error) {
	return manual.JSONSchema("inferencex suite", Blocks(opt))
}

// introduction says what the definitions of blocks do not. Its examples are one suite, which a test loads.
//
//go:embed introduction.md
var introduction string

// Markdown is the reference of the language: every block, argument and function.
func Markdown(opt Options) []byte {
	return manual.Markdown("The suite language", introduction, Blocks(opt), expr.Names())
}
