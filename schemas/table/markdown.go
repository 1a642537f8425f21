package table

import (
	"fmt"
	"io"
	"strings"
)

// Markdown describes the columns of all tables with fixed columns, for the documentation.
func Markdown() string {
	var b strings.Builder
	describe[Request](&b)
	describe[Chunk](&b)
	describe[Power](&b)
	describe[Server](&b)
	return b.String()
}

func describe[R any](b *strings.Builder) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	l := layoutOf[R]()
	Describe(b, l.name, l.version, Columns[R]())
}

// Describe writes the columns of a table in Markdown, under its name and version.
func Describe(w io.Writer, name string, version int, columns []Column) {
	fmt.Fprintf(w, "## %s (version %d)\n\n| column | type | unit | description |\n|---|---|---|---|\n", name, version)
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, c := range columns {
		null := ""
		if c.Nullable {
			null = " or null"
		}
		fmt.Fprintf(w, "| %s | %s%s | %s | %s |\n", cell.Replace(c.Name), c.Type, null, cell.Replace(c.Unit), cell.Replace(c.Doc))
	}
}
