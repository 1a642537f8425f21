// Package sweep finds what of a folder of runs nobody needs any more. What a run that is kept has sealed or used is never among it, nor what a plan
// needs that its caller names: a sweep breaks no hit of theirs.
package sweep

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// Kinds of what is found.
const (
	Checkpoint = "checkpoint"
	Run        = "run"      // the folder of a run; what others need of its results stays
	Attempts   = "attempts" // what attempts at the steps of a run wrote and did not seal, and what watched its deployments
)

// Item is something that can be removed.
type Item struct {
	Kind  string    `json:"kind"`
	Path  string    `json:"path"`
	Bytes int64     `json:"bytes"`
	Made  time.Time `json:"made"`
	What  string    `json:"what"`
	Why   string    `json:"why"`

	litter checkpoint.Litter
}

// Config says where to look, and what to leave.
type Config struct {
	Root   string // the folder of runs
	Store  *checkpoint.Store
	Plans  []*plan.Plan // whose checkpoints stay, beside those of the runs in Root
	Before time.Time    // what is younger stays
	// Keep is how many runs of each suite stay, its newest ones; 0: all. What a run has deployed that may be alive keeps it, too.
	Keep int
	// Busy is the run that is under way, if one is.
	Busy string
}

// Find lists what can be removed: runs by their names, then checkpoints in the order of their keys, then attempts in the order of their runs.
func Find(cfg Config) ([]Item, error) {
	runs, err := runsIn(cfg.Root)
	if err != nil {
		return nil, err
	}
	items, err := oldRuns(cfg, runs)
	if err != nil {
		return nil, err
	}
	runs = slices.DeleteFunc(runs, func(run string) bool {
		return slices.ContainsFunc(items, func(old Item) bool { return old.Path == run })
	})
	needed := map[string]bool{}
	for _, p := range cfg.Plans {
		addPlan(needed, p)
	}
	for _, run := range runs {
		if err := addRun(needed, filepath.Join(cfg.Root, run)); err != nil {
			return nil, fmt.Errorf("what run %s needs cannot be told: %w; move its folder away to sweep without it", run, err)
		}
	}
	litter, err := cfg.Store.Litter(func(e checkpoint.Entry) bool { return needed[e.Key] || slices.Contains(runs, e.Run) })
	if err != nil {
		return nil, err
	}
	for _, l := range litter {
		if l.Made.Before(cfg.Before) {
			items = append(items, itemOf(l))
		}
	}
	for _, run := range runs {
		found, err := attemptsOf(cfg, run)
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
	}
	return items, nil
}

func itemOf(l checkpoint.Litter) Item {
	var names []string
	for _, step := range l.Steps {
		names = append(names, step.String())
	}
	what := fmt.Sprintf("%.12s", l.Key)
	if len(names) > 0 {
		what += " of " + strings.Join(names, ", ")
	}
	return Item{Kind: Checkpoint, Path: "store/" + l.Path, Bytes: l.Bytes, Made: l.Made, What: what, Why: l.Why, litter: l}
}

// runsIn returns the names of the runs in a folder, sorted.
func runsIn(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("look for runs: %w", err)
	}
	var runs []string
	for _, e := range entries {
		if !e.IsDir() || e.Name()[0] == '.' { // latest is a link to one of the others, and a dot begins the name of one that is not whole yet
			continue
		}
		if _, err := os.Stat(filepath.Join(root, e.Name(), "plan.json")); err == nil {
			runs = append(runs, e.Name())
		}
	}
	return runs, nil
}

func addPlan(needed map[string]bool, p *plan.Plan) {
	for _, step := range p.Steps {
		needed[step.Key] = true
	}
}

// addRun notes the checkpoints that a run planned to use and those that it used and sealed, which its plan may not have known.
func addRun(needed map[string]bool, dir string) error {
	p, err := plan.Read(filepath.Join(dir, "plan.json"))
	if err != nil {
		return err
	}
	addPlan(needed, p)
	file, err := os.Open(filepath.Join(dir, "events.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it had only just begun
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_ = event.Each(file, func(e event.Event) { needed[e.Key] = true }) // a torn line names nothing that was sealed before it
	return nil
}

// attemptsOf finds the folders of a run that are there for diagnosis alone.
func attemptsOf(cfg Config, run string) ([]Item, error) {
	var items []Item
	for _, name := range []string{"attempts", "watch"} {
		path := filepath.Join(cfg.Root, run, name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		bytes, newest, err := weigh(path)
		if err != nil {
			return nil, err
		}
		if made := latest(info.ModTime(), newest); made.Before(cfg.Before) {
			items = append(items, Item{
				Kind: Attempts, Path: run + "/" + name, Bytes: bytes, Made: made.UTC(), What: "of run " + run, Why: "it is there for diagnosis alone",
			})
		}
	}
	return items, nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// weigh sums up the files below root and returns the time of the newest.
func weigh(root string) (bytes int64, newest time.Time, err error) {
	err = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		newest = latest(newest, info.ModTime())
		if !d.IsDir() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes, newest, err
}

// hidden is the boundary at which a run is out of sight and not gone yet.
const hidden = "gc.hidden"

// Boundaries lists where a process can end between two steps of a removal, beside those of the store. They are passed by its Crash.
func Boundaries() []string { return []string{hidden} }

// Remove takes an item away. Only the holder of the folder may call it.
func Remove(cfg Config, item Item) error {
	path := filepath.Join(cfg.Root, filepath.FromSlash(item.Path))
	switch item.Kind {
	case Checkpoint:
		return cfg.Store.Remove(item.litter)
	case Run: // out of sight at once: half a run is none
		grave := filepath.Join(cfg.Root, "."+item.Path+".tmp") // whose rest durable.RemoveTemporary takes away
		if err := os.Rename(path, grave); err != nil {
			return fmt.Errorf("remove run %s: %w", item.Path, err)
		}
		cfg.Store.Crash.At(hidden)
		path = grave
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove %s: %w", item.Path, err)
	}
	return nil
}
