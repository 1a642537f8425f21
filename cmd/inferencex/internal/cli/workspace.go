package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/journal"
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
	crash   durable.Crash
}

// registerWait adds the flag that says how long a command waits for another one that works in the same folder.
func registerWait(cmd *cobra.Command, wait *time.Duration) {
	cmd.Flags().DurationVar(wait, "wait", 0, "how long to wait if another inferencex works in the folder; 0: not at all")
}

// openWorkspace takes the lease of a folder of runs, and opens what is shared by them.
func (a *App) openWorkspace(ctx context.Context, root, suite string, wait time.Duration) (_ *workspace, err error) {
	crash, err := a.crash()
	if err != nil {
		return nil, err
	}
	id := a.runID(suite)
	w := &workspace{id: id, root: root, dir: filepath.Join(root, id), crash: crash}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	w.lease, err = journal.Acquire(ctx, journal.LeaseConfig{
		Dir: root, Run: id, Now: a.Now, Wait: wait, Crash: w.crash,
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
	w.store.Crash = w.crash
	if err = w.store.Clean(); err != nil {
		return w, err
	}
	if err = durable.RemoveTemporary(root); err != nil {
		return w, fmt.Errorf("clean %s: %w", root, err)
	}
	if err = w.markDead(); err != nil {
		return w, err
	}
	w.journal, err = journal.Open(journal.Config{Path: filepath.Join(root, "journal.jsonl"), Run: id, Now: a.Now, Crash: w.crash})
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

// markDead corrects the manifests of runs whose processes died: whoever holds the folder knows that no other run is at work in it.
func (w *workspace) markDead() error {
	entries, err := os.ReadDir(w.root)
	for _, e := range entries {
		dir := filepath.Join(w.root, e.Name())
		manifest, readErr := run.ReadManifest(dir)
		if readErr != nil || !e.IsDir() || manifest.Status != run.StatusRunning {
			continue // it is no run, or says what became of it
		}
		manifest.Status = run.StatusDied
		err = errors.Join(err, manifest.WriteAt(dir, w.crash, deadStaged, ""))
	}
	return err
}
