//go:build accuracy

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strangeloopio/inferencex/stages/client/nullserver/controltest"
)

// makesClaims fits the lines of a script that say what is so on a machine that is not busy.
var makesClaims = regexp.MustCompile(`(?m)^(timed|unmarked) `)

// TestAccuracyScripts holds each script that claims something about time to it. What `make test` only asks
// to be there is judged here, and so is whether each cell is valid.
func TestAccuracyScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !makesClaims.Match(text) {
			continue
		}
		judged++
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			controltest.Judge(t, func() controltest.Finding {
				var claims claims
				params := scripts(t, &claims)
				params.Files = []string{path}
				testscript.RunT(alone{t}, params)
				return controltest.Finding{Off: strings.Join(claims.off, "; "), Late: strings.Join(claims.late, "; ")}
			})
		})
	}
	if judged == 0 {
		t.Error("no script claims anything about time")
	}
}

// alone runs a script inside of the test that judges it.
type alone struct{ *testing.T }

func (a alone) Parallel() {}

func (a alone) Run(_ string, script func(testscript.T)) { script(a) }

func (a alone) Verbose() bool { return testing.Verbose() }
