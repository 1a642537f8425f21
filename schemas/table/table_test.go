package table

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The committed file makes a change of a column, its type, unit or meaning something that a reviewer sees, and asks whether the
// table's version must rise.
func TestMarkdownIsTheSchema(t *testing.T) {
	was, err := os.ReadFile("../TABLES.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(was), Markdown()) {
		t.Errorf("columns changed: if an older inferencex would misread a new file, raise the table's version in rows.go; then run make gen (-was +is):\n%s",
			cmp.Diff(string(was), Markdown()))
	}
}

func TestColumnsDescribeTheFields(t *testing.T) {
	got := Columns[Power]()[6:8]
	want := []Column{
		{Name: "power_w", Type: Float64, Unit: "W", Doc: "power draw; null where the driver gave none", Nullable: true},
		{Name: "power_kind", Type: String, Doc: "avg1s (mean over the last second), instant or unknown"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns of Power (-want +got):\n%s", diff)
	}
}

func TestEveryColumnIsDocumentedAndNamedOnce(t *testing.T) {
	for name, columns := range map[string][]Column{
		"requests": Columns[Request](), "chunks": Columns[Chunk](), "power": Columns[Power](), "server": Columns[Server](),
	} {
		seen := map[string]bool{}
		for _, c := range columns {
			if c.Doc == "" || c.Name != strings.ToLower(c.Name) || seen[c.Name] {
				t.Errorf("%s: column %+v: want a description and a name of its own in lower case", name, c)
			}
			if strings.HasSuffix(c.Name, "_ns") && c.Unit != "ns" {
				t.Errorf("%s: column %s has unit %q", name, c.Name, c.Unit)
			}
			seen[c.Name] = true
		}
	}
}

type noIdentity struct {
	A int64 `col:"a"`
}

type badField struct {
	A uint8 `col:"a"`
}

func (badField) identity() identity { return identity{"bad", 1} }

type noTag struct{ A int64 }

func (noTag) identity() identity { return identity{"bad", 1} }

func TestTypeThatIsNoRowPanics(t *testing.T) {
	for _, test := range []struct {
		name string
		use  func() []Column
		want string
	}{
		{"no identity", Columns[noIdentity], "table: table.noIdentity is no row of a table: it has no identity"},
		{"field type", Columns[badField], "table: table.badField.A: type uint8: want string, int32, int64, float64, bool or a pointer to one"},
		{"no tag", Columns[noTag], "table: table.noTag.A: has no col tag"},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if diff := cmp.Diff(any(test.want), recover()); diff != "" {
					t.Errorf("panic (-want +got):\n%s", diff)
				}
			}()
			test.use()
		})
	}
}
