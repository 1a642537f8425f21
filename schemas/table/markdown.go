package table

import (
	"fmt"
	"strings"
)

// Markdown describes the columns of all tables with fixed columns, for the documentation. The cells table has its own,
// which follow from the metrics.
func Markdown() string {
	var b strings.Builder
	describe[Request](&b)
	describe[Chunk](&b)
	describe[Power](&b)
	describe[Server](&b)
	return b.String()
}

func describe[R any](b *strings.Builder) {
	l := layoutOf[R]()
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "## %s (version %d)\n\n| column | type | unit | description |\n|---|---|---|---|\n", l.name, l.version)
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, f := range l.fields {
		null := ""
		if f.Nullable {
			null = " or null"
		}
		fmt.Fprintf(b, "| %s | %s%s | %s | %s |\n", cell.Replace(f.Name), f.Type, null, cell.Replace(f.Unit), cell.Replace(f.Doc))
	}
}
