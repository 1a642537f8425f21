package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/chart/charttest"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

const evil = `</script><script>alert(1)</script>"'<img src=http://evil.example/x onerror=alert(2)>`

// results is a page about d whose every text is also hostile.
func results(t *testing.T, d chart.Data) page.Page {
	t.Helper()
	p := page.Page{
		Title: "Run of " + evil, Simulated: d.Simulated,
		Facts:    []page.Fact{{Key: "Suite", Value: evil}},
		Table:    page.Table{Columns: []page.Column{{Name: "Config", Text: true}, {Name: "TTFT", Unit: "s", Doc: evil}}},
		Turns:    page.Table{Columns: []page.Column{{Name: evil, Doc: evil}}, Rows: [][]string{{evil}}},
		Servers:  page.Table{Columns: []page.Column{{Name: evil, Doc: evil}}, Rows: [][]string{{evil}}},
		Verdicts: []page.Reason{{Code: evil, Invalid: true, Count: evil, Details: []page.Detail{{Text: evil, Cells: make([]string, 7)}, {Text: evil, Cells: []string{evil}}}}},
		Missed:   []page.Missed{{Cell: evil, Notes: []string{evil}}},
		Notes:    []string{evil},
	}
	d.Cells = d.Cells[:1] // drawing takes most of these tests' time
	for _, c := range d.Cells {
		p.Table.Rows = append(p.Table.Rows, []string{c.Name, ""})
	}
	for _, def := range chart.All() {
		f, err := def.Build(d)
		if err != nil {
			t.Fatal(err)
		}
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		p.Charts = append(p.Charts, page.Chart{Figure: f, SVG: svg})
	}
	return p
}

func write(t *testing.T, p page.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	scripts    = regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
	tags       = regexp.MustCompile(`<(?:!DOCTYPE html|/[a-z0-9]+|[a-z0-9]+((?: [a-zA-Z:-]+(?:="[^"]*")?)*))>`)
	attributes = regexp.MustCompile(` ([a-zA-Z:-]+)="([^"]*)"`)
)

// markup is the page without the contents of its scripts and styles.
func markup(doc string) string {
	doc = scripts.ReplaceAllString(doc, "<script$1></script>")
	return regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(doc, "")
}

func TestPageLoadsNothing(t *testing.T) {
	doc := write(t, results(t, charttest.Hostile()))
	body := markup(doc)
	found := tags.FindAllStringSubmatch(body, -1)
	if n := strings.Count(body, "<"); n != len(found) {
		t.Errorf("page holds %d angle brackets for %d tags", n, len(found))
	}
	for _, tag := range found {
		for _, a := range attributes.FindAllStringSubmatch(tag[1], -1) {
			switch strings.ToLower(a[1]) {
			case "src":
				if !strings.HasPrefix(html.UnescapeString(a[2]), "data:image/svg+xml;base64,") {
					t.Errorf("page loads %q", a[2])
				}
			case "href", "srcset", "action", "data", "background", "poster":
				t.Errorf("page refers to %q", a[2])
			}
			if strings.HasPrefix(a[1], "on") {
				t.Errorf("page holds the handler %s=%q", a[1], a[2])
			}
		}
	}
	style := regexp.MustCompile(`(?s)<style>.*?</style>`).FindString(doc)
	if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Error("the style sheet loads something")
	}
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(doc)[1])
	for _, want := range []string{"default-src 'none'", "img-src data:", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "connect-src") || strings.Contains(policy, "http") {
		t.Errorf("policy %q allows a connection", policy)
	}
}

func TestPageRunsItsOwnScriptsOnly(t *testing.T) {
	doc := write(t, results(t, charttest.Hostile()))
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(doc)[1])
	code := 0
	for _, s := range scripts.FindAllStringSubmatch(doc, -1) {
		if strings.Contains(s[1], "application/json") {
			if !json.Valid([]byte(s[2])) {
				t.Errorf("data block is no JSON: %.80q", s[2])
			}
			continue
		}
		code++
		sum := sha256.Sum256([]byte(s[2]))
		if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(policy, hash) {
			t.Errorf("policy does not know the script that begins %.60q", s[2])
		}
	}
	if code != 2 {
		t.Errorf("page holds %d scripts, want ECharts and its own: something broke out", code)
	}
	if bad := markup(doc); strings.Contains(bad, "<img src=http") || strings.Contains(bad, "alert(1)</script>") {
		t.Error("a text became markup")
	}
}

func TestPageCarriesEveryChartTwice(t *testing.T) {
	p := results(t, charttest.Seed())
	doc := write(t, p)
	for _, c := range p.Charts {
		block := regexp.MustCompile(`data-chart="chart-` + c.Figure.Name + `">(.*?)</script>`).FindStringSubmatch(doc)
		if block == nil {
			t.Fatalf("no option of %s", c.Figure.Name)
		}
		var got, want any
		if err := errors.Join(json.Unmarshal([]byte(block[1]), &got), json.Unmarshal(c.Figure.Option, &want)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("option of %s changed on its way (-want +got):\n%s", c.Figure.Name, diff)
		}
	}
	still := regexp.MustCompile(`<noscript>.*?base64,([^"]*)"`).FindAllStringSubmatch(doc, -1)
	if len(still) != len(p.Charts) {
		t.Fatalf("%d still pictures, want %d", len(still), len(p.Charts))
	}
	for i, s := range still {
		svg, err := base64.StdEncoding.DecodeString(html.UnescapeString(s[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(svg, p.Charts[i].SVG) {
			t.Errorf("still picture %d is not the chart's SVG", i)
		}
	}
}

func TestPageSaysSimulated(t *testing.T) {
	d := charttest.Single()
	if doc := markup(write(t, results(t, d))); strings.Contains(doc, "imulated") {
		t.Error("a measured run is called simulated")
	}
	d.Simulated = true
	doc := markup(write(t, results(t, d)))
	for _, want := range []string{"(simulated)</title>", `<strong>Simulated.</strong>`} {
		if !strings.Contains(doc, want) {
			t.Errorf("page lacks %q", want)
		}
	}
}

func TestPageIsTheSameEveryTime(t *testing.T) {
	p := results(t, charttest.Single())
	first := write(t, p)
	if second := write(t, p); first != second {
		t.Error("two writes differ")
	}
}

func TestPageErrors(t *testing.T) {
	figure := page.Chart{Figure: chart.Figure{Name: "panels", Option: []byte("{}")}}
	for _, tc := range []struct {
		name string
		page page.Page
		want string
	}{
		{"ragged table", page.Page{Table: page.Table{Columns: make([]page.Column, 2), Rows: [][]string{{"a", "b"}, {"a"}}}}, "write page: table row 2 has 1 cells for 2 columns"},
		{"ragged table of turns", page.Page{Turns: page.Table{Columns: make([]page.Column, 2), Rows: [][]string{{"a"}}}}, "write page: table row 1 has 1 cells for 2 columns"},
		{"ragged table of servers", page.Page{Servers: page.Table{Columns: make([]page.Column, 2), Rows: [][]string{{"a"}}}}, "write page: table row 1 has 1 cells for 2 columns"},
		{"chart twice", page.Page{Charts: []page.Chart{figure, figure}}, `write page: two charts are named "panels"; ids on a page must differ`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := page.Write(&bytes.Buffer{}, tc.page)
			if err == nil || err.Error() != tc.want {
				t.Errorf("Write error = %v, want %q", err, tc.want)
			}
		})
	}
}
