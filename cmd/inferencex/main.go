// Command inferencex benchmarks LLM inference from a declarative suite.
package main

import (
	"os"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/cli"
)

func main() {
	os.Exit(cli.Main(cli.System()))
}
