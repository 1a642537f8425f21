// Package failure has the last words of servers that do not start: vLLM's, or of what would have started one.
//
// Its invariant: the log of a class tells that class and no other to whoever reads logs for a living, which is package startup.
package failure

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Default is the class of a failed start that is not told apart: the most common one.
const Default = "cuda_oom"

//go:embed log/*.log
var logs embed.FS

// Classes returns the classes of failed starts, in the order of their names: the reason codes of package startup.
func Classes() []string {
	paths, err := fs.Glob(logs, "log/*.log")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var classes []string
	for _, p := range paths {
		classes = append(classes, strings.TrimSuffix(path.Base(p), ".log"))
	}
	return classes
}

// Lines returns what the server of a model prints when its start fails so.
func Lines(class, model string) ([]string, error) {
	text, err := logs.ReadFile("log/" + class + ".log")
	if err != nil {
		return nil, fmt.Errorf("no failed start of class %q", class)
	}
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "{model}", model)), "\n"), nil
}
