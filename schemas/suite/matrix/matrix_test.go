package matrix

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

// axis is "gpus=1,2": an axis with its points.
func axis(text string) Axis {
	name, points, _ := strings.Cut(text, "=")
	a := Axis{Name: name}
	for _, p := range strings.Split(points, ",") {
		if p != "" {
			a.Values = append(a.Values, &Value{Key: p})
		}
	}
	return a
}

// entries is "gpus=1 users=2; gpus=4": combinations.
func entries(text string) []Entry {
	var out []Entry
	for _, part := range strings.Split(text, ";") {
		e := Entry{Values: map[string]*Value{}}
		for _, pair := range strings.Fields(part) {
			name, key, _ := strings.Cut(pair, "=")
			e.Values[name] = &Value{Key: key}
		}
		out = append(out, e)
	}
	return out
}

func show(rows []Row) string {
	var out []string
	for _, r := range rows {
		var row []string
		for _, v := range r.Values {
			if v == nil {
				row = append(row, "-")
				continue
			}
			row = append(row, v.Key)
		}
		out = append(out, strings.Join(row, " "))
	}
	return strings.Join(out, " | ")
}

func TestExpand(t *testing.T) {
	order := []string{"model", "gpus", "users"}
	fixed := map[string]*Value{"model": {Key: "m"}}
	tests := map[string]struct {
		m    Matrix
		want string
		diag string
	}{
		"no axes":         {Matrix{}, "m - -", ""},
		"order of Order":  {Matrix{Axes: []Axis{axis("users=8,4"), axis("gpus=1,2")}}, "m 1 8 | m 1 4 | m 2 8 | m 2 4", ""},
		"exclude":         {Matrix{Axes: []Axis{axis("gpus=1,2"), axis("users=4,8")}, Exclude: entries("gpus=1 users=4;users=8 model=m")}, "m 2 4", ""},
		"idle exclude":    {Matrix{Axes: []Axis{axis("gpus=1")}, Exclude: entries("gpus=3")}, "m 1 -", "Exclude without effect"},
		"exclude spares":  {Matrix{Axes: []Axis{axis("gpus=1")}, Exclude: entries("users=4"), Include: entries("users=4")}, "m 1 - | m - 4", "Exclude without effect"},
		"include":         {Matrix{Axes: []Axis{axis("gpus=1")}, Include: entries("gpus=8 users=512;model=n")}, "m 1 - | m 8 512 | n - -", ""},
		"include again":   {Matrix{Axes: []Axis{axis("gpus=1,2")}, Include: entries("gpus=2")}, "", "Duplicate cell"},
		"only":            {Matrix{HasOnly: true, Only: entries("gpus=2;gpus=1")}, "m 2 - | m 1 -", ""},
		"only twice":      {Matrix{HasOnly: true, Only: entries("gpus=2;gpus=2 model=m")}, "", "Duplicate cell"},
		"only nothing":    {Matrix{HasOnly: true}, "", "Empty matrix"},
		"all excluded":    {Matrix{Axes: []Axis{axis("gpus=1")}, Exclude: entries("gpus=1")}, "", "Empty matrix"},
		"empty axis":      {Matrix{Axes: []Axis{axis("gpus=")}}, "", "Empty axis"},
		"twice on axis":   {Matrix{Axes: []Axis{axis("gpus=1,1")}}, "", "Duplicate axis value"},
		"product too big": {Matrix{Axes: []Axis{axis("gpus=1,2,3"), axis("users=1,2,3")}, Trials: 2}, "", "Too many cells"},
		"rows too many":   {Matrix{HasOnly: true, Only: entries("gpus=1;gpus=2;gpus=3"), Trials: 4}, "", "Too many cells"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.m.Order, tt.m.Fixed = order, fixed
			tt.m.Trials = max(1, tt.m.Trials)
			rows, diags := tt.m.Expand(10)
			if diff := cmp.Diff(tt.want, show(rows)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			got := ""
			if len(diags) > 0 {
				got = diags[0].Summary
			}
			if got != tt.diag || len(diags) > 1 {
				t.Errorf("diagnostics %v, want %q", diags, tt.diag)
			}
		})
	}
}

// A product beyond memory is refused by its size, before any of it is built.
func TestExpandNeverBuildsTooMuch(t *testing.T) {
	long := Axis{Name: "a"}
	for i := range 1000 {
		long.Values = append(long.Values, &Value{Key: fmt.Sprint(i)})
	}
	m := Matrix{Order: []string{"a", "b", "c", "d"}, Trials: 1}
	for _, name := range m.Order {
		a := long
		a.Name = name
		m.Axes = append(m.Axes, a)
	}
	rows, diags := m.Expand(10_000)
	want := "1000 a × 1000 b × 1000 c × 1000 d × 1 trials = 1e+12 cells, more than the 10000 allowed. Shorten an axis, or list the combinations of interest with \"only\"."
	if rows != nil || len(diags) != 1 || diags[0].Detail != want || diags[0].Severity != hcl.DiagError {
		t.Errorf("%d rows, diagnostics %v; want none and %q", len(rows), diags, want)
	}
}
