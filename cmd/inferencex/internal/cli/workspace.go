package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
)

// workspace is a folder of runs, held by this process alone, with the new run that it is to take.
type workspace struct {
	id      string
	root    string // the folder of runs
	dir     string // the new run's, made by begin
	lease   *journal.Lease
	store   *checkpoint.Store
	journal *journal.Journal
}

// registerWait adds the flag that says how long a command waits for another one that works in the same folder.
func registerWait(cmd *cobra.Command, wait *time.Duration) {
	cmd.Flags().DurationVar(wait, "wait", 0, "how long to wait if another inferencex works in the folder; 0: not at all")
}

// openWorkspace takes the lease of a folder of runs, and opens what is shared by them.
func (a *App) openWorkspace(ctx context.Context, root, suite string, wait time.Duration) (_ *workspace, err error) {
	id := a.runID(suite)
	w := &workspace{id: id, root: root, dir: filepath.Join(root, id)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	w.lease, err = journal.Acquire(ctx, journal.LeaseConfig{
		Dir: root, Run: id, Now: a.Now, Wait: wait,
		Waiting: func(held *journal.HeldError) {
			fmt.Fprintf(a.Stderr, "Waiting for %s to leave %s.\n", held.Holder, root)
		},
	})
	if err != nil {
		return w, err
	}
	if dead := w.lease.Died; dead != nil {
		fmt.Fprintf(a.Stderr, "Taking over from %s, which is dead.\n", dead)
	}
	if w.store, err = checkpoint.Open(filepath.Join(root, "store")); err != nil {
		return w, err
	}
	w.store.Crash = a.crash()
	if err = w.store.Clean(); err != nil {
		return w, err
	}
	if err = markDead(root); err != nil {
		return w, err
	}
	w.journal, err = journal.Open(journal.Config{Path: filepath.Join(root, "journal.jsonl"), Run: id, Now: a.Now, Crash: a.crash()})
	return w, err
}

// close gives back what is held. The journal goes first: it must not be written to without the lease.
func (w *workspace) close() error {
	var errs []error
	if w.journal != nil {
		errs = append(errs, w.journal.Close())
	}
	if w.lease != nil {
		errs = append(errs, w.lease.Release())
	}
	return errors.Join(errs...)
}

// begin makes the run's folder, with the suite and the plan in it, and points runs/latest to it.
func (w *workspace) begin(l *loaded, p *plan.Plan) error {
	if err := os.MkdirAll(filepath.Join(w.dir, "suite"), 0o755); err != nil {
		return fmt.Errorf("make run folder: %w", err)
	}
	if err := w.copySuite(l); err != nil {
		return fmt.Errorf("copy the suite into the run: %w", err)
	}
	if err := durable.WriteCompactJSON(filepath.Join(w.dir, "plan.json"), p); err != nil {
		return err
	}
	return pointLatest(w.root, w.id)
}

// copySuite puts what the suite was read from into the run's folder, as it lies around the suite's first file and as it was when it was read:
// a file may have changed since. The files of variables are not copied: they may hold secrets.
func (w *workspace) copySuite(l *loaded) error {
	for _, name := range l.Files {
		inside, err := filepath.Rel(filepath.Dir(l.Files[0]), name)
		if err != nil {
			return err
		}
		target := filepath.Join(w.dir, "suite", strings.ReplaceAll(inside, "..", "outside"))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := durable.WriteFile(target, l.files[name].Bytes); err != nil {
			return err
		}
	}
	return nil
}

// pointLatest makes runs/latest lead to a run, by one rename, so that a reader finds the old run or the new one.
func pointLatest(root, id string) error {
	tmp := filepath.Join(root, ".latest-"+id)
	if err := os.Symlink(id, tmp); err != nil {
		return fmt.Errorf("point latest to the run: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(root, "latest")); err != nil {
		return fmt.Errorf("point latest to the run: %w", err)
	}
	return nil
}

// markDead corrects the manifest of the newest run if its process died: whoever holds the folder knows that no other run is at work in it.
func markDead(root string) error {
	latest := filepath.Join(root, "latest")
	manifest, err := run.ReadManifest(latest)
	if err != nil || manifest.Status != run.StatusRunning {
		return nil // there is none, or it says what became of it
	}
	manifest.Status = run.StatusDied
	return manifest.Write(latest)
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
