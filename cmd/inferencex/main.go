// Command inferencex benchmarks LLM inference from a declarative suite.
package main

import (
	"os"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/cli"
)

func main() {
	if code, ok := cli.First(); ok {
		os.Exit(code)
	}
	os.Exit(cli.Main(cli.System()))
}
