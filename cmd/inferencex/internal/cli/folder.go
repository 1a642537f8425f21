package cli

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
)

// The boundaries of a run's own files.
const (
	folderBegun    = "run.begin"
	folderPlanned  = "run.planned"   // suite and plan are in a folder of a temporary name
	folderWhole    = "run.described" // and the manifest
	folderShown    = "run.shown"     // the folder is under its name, and latest leads to an earlier one
	latestStaged   = "run.latest.staged"
	latestPointed  = "run.latest"
	manifestClosed = "run.closing"
	closedStaged   = "run.close.staged"
	runClosed      = "run.closed"
	deadStaged     = "run.dead.staged" // the manifest of another run, whose process died
)

// runBoundaries lists where a process can end between two writes of a run's own files, in their order.
func runBoundaries() []string {
	return []string{
		deadStaged, folderBegun, folderPlanned, folderWhole, folderShown, latestStaged, latestPointed, manifestClosed, closedStaged, runClosed,
	}
}

// begin makes the run's folder, with the suite, the plan and the manifest in it, and points runs/latest to it. The folder appears by one rename: a run
// that is there says what it is.
func (w *workspace) begin(l *loaded, p *plan.Plan, manifest run.Manifest) error {
	w.crash.At(folderBegun)
	tmp := filepath.Join(w.root, "."+w.id+".tmp") // durable.RemoveTemporary takes it away if this process dies
	if err := durable.MkdirAll(filepath.Join(tmp, "suite")); err != nil {
		return durable.Error("make run folder", w.dir, err)
	}
	if err := copySuite(tmp, l); err != nil {
		return fmt.Errorf("copy the suite into the run: %w", err)
	}
	if err := w.crash.Write("", folderPlanned, filepath.Join(tmp, "plan.json"), p.Write); err != nil {
		return err
	}
	if err := manifest.WriteAt(tmp, w.crash, "", folderWhole); err != nil {
		return err
	}
	if err := os.Rename(tmp, w.dir); err != nil {
		return durable.Error("make run folder", w.dir, err)
	}
	w.crash.At(folderShown)
	return w.pointLatest()
}

// copySuite puts what the suite was read from into a run's folder, as it lies around the suite's first file and as it was when it was read:
// a file may have changed since. The files of variables are not copied: they may hold secrets.
func copySuite(dir string, l *loaded) error {
	for _, name := range l.Files {
		inside, err := filepath.Rel(filepath.Dir(l.Files[0]), name)
		if err != nil {
			return err
		}
		target := filepath.Join(dir, "suite", strings.ReplaceAll(inside, "..", "outside"))
		if err := durable.MkdirAll(filepath.Dir(target)); err != nil {
			return err
		}
		if err := durable.WriteFile(target, l.files[name].Bytes); err != nil {
			return err
		}
	}
	return nil
}

// pointLatest makes runs/latest lead to the run, by one rename, so that a reader finds the old run or the new one.
func (w *workspace) pointLatest() error {
	tmp := filepath.Join(w.root, ".latest."+w.id+".tmp")
	if err := os.Symlink(w.id, tmp); err != nil {
		return durable.Error("point to the run", filepath.Join(w.root, "latest"), err)
	}
	w.crash.At(latestStaged)
	if err := os.Rename(tmp, filepath.Join(w.root, "latest")); err != nil {
		return durable.Error("point to the run", filepath.Join(w.root, "latest"), err)
	}
	return w.crash.SyncDir(latestPointed, w.root)
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// runID names a run by its start and its suite. The last letters tell apart runs that start in one second.
func (a *App) runID(suite string) string {
	slug := cmp.Or(strings.Trim(notSlug.ReplaceAllString(strings.ToLower(suite), "-"), "-"), "suite") // a name may have no Latin letter
	var tail [2]byte
	_, _ = rand.Read(tail[:]) // never fails
	return fmt.Sprintf("%s-%s-%s", a.Now().UTC().Format("20060102T150405Z"), slug, hex.EncodeToString(tail[:]))
}

// manifest describes the run that is about to begin.
func (a *App) manifest(w *workspace, l *loaded, p *plan.Plan) run.Manifest {
	host, _ := os.Hostname()
	return run.Manifest{
		ID: w.id, Suite: p.Suite, Simulated: p.Simulated, Sources: l.Files, Version: versionString(),
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Host: host, PID: os.Getpid(),
		Args: withoutValues(a.Args), Started: a.Now().UTC(), Status: run.StatusRunning,
		Cells: run.CellCount{Total: p.Cells()},
	}
}

// withoutValues hides the values of variables: one may be a secret.
func withoutValues(args []string) []string {
	hidden := make([]string, 0, len(args))
	expected := false // the argument before was -var alone
	for _, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		isVar := strings.TrimLeft(flag, "-") == "var" && flag != "var"
		switch {
		case expected:
			arg = flag + "=…"
		case isVar && joined:
			name, _, _ := strings.Cut(value, "=")
			arg = flag + "=" + name + "=…"
		}
		hidden = append(hidden, arg)
		expected = isVar && !joined
	}
	return hidden
}
