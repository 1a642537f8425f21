//go:build linux

package crash_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/table/tabletest"
)

// tables is what must be equal in the final run of any session, however often it was killed. Not in it are
// times, what follows from them, the ids of runs and requests, which of the users sent a request, and of
// the server that is borrowed how many bytes its answers had: a borrowed server may have a cache, so that
// each run sends it prompts of its own.
type tables struct {
	Keys     map[string]string // of the sealed cells: their recipes are equal
	Requests []string          // all columns but times, request_id, user and those of the connection
	Chunks   []string          // all columns but times
	Cells    []string          // what was measured, how many requests and tokens, and the state of the cell
	Power    []string          // which GPUs of which cells were sampled, and how
	Servers  []string          // which cells' servers were read
	Report   []string          // names of the files of tables and report
	Count    run.CellCount     // of it the total
	Failures []run.Failure
}

// tables reads those of the latest run.
func (s *session) tables() tables {
	s.t.Helper()
	latest := s.path("runs", "latest")
	manifest, err := run.ReadManifest(latest)
	if err != nil {
		s.t.Fatal(err)
	}
	t := tables{Keys: map[string]string{}, Count: run.CellCount{Total: manifest.Cells.Total}, Failures: manifest.Failures}
	for cell, entry := range s.entries() {
		t.Keys[cell] = entry.Key
	}
	timed := func(c table.Column) bool { return c.Unit == "ns" }
	t.Requests = s.rows("requests", func(c table.Column) bool {
		return !timed(c) && !slices.Contains([]string{"request_id", "user", "new_connection", "stale_retries"}, c.Name)
	})
	t.Chunks = s.rows("chunks", func(c table.Column) bool { return !timed(c) })
	t.Cells = s.rows("cells", among(strings.Fields(`cell address benchmark model repo revision engine engine_kind engine_image engine_args provider
		provider_type workload gpu_type gpus gpu_names users rate_rps pattern isl osl trial isl_distribution osl_distribution status failure simulated
		server_engine engine_version speed server_metrics server_metrics_problem requests_ok requests_failed requests_attempted requests_cut
		error_fraction input_tokens output_tokens isl_mean osl_mean power_method`)))
	t.Power = slices.Compact(s.rows("power", among([]string{"cell", "gpu_index", "power_kind", "source"})))
	t.Servers = slices.Compact(s.rows("server", among([]string{"cell", "engine"})))
	for _, folder := range []string{"tables", "report"} {
		files, err := os.ReadDir(filepath.Join(latest, folder))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, f := range files {
			t.Report = append(t.Report, folder+"/"+f.Name())
		}
	}
	return t
}

func among(names []string) func(table.Column) bool {
	return func(c table.Column) bool { return slices.Contains(names, c.Name) }
}

// rows reads the columns of a table that are wanted, one line a row.
func (s *session) rows(name string, wanted func(table.Column) bool) []string {
	s.t.Helper()
	whole := tabletest.Read(s.t, s.path("runs", "latest", "tables", name+".parquet"))
	lines := []string{}
	for _, row := range whole.Rows {
		line := map[string]any{}
		theirs := strings.HasPrefix(fmt.Sprint(row["cell"]), "load.theirs")
		for _, c := range whole.Columns {
			if wanted(c) && !(theirs && c.Unit == "bytes") {
				line[c.Name] = row[c.Name]
			}
		}
		var text []string
		for _, column := range slices.Sorted(maps.Keys(line)) {
			text = append(text, fmt.Sprintf("%s=%v", column, line[column]))
		}
		lines = append(lines, strings.Join(text, " "))
	}
	slices.Sort(lines) // requests stand in the order in which they ended
	return lines
}
