package sweep

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/run"
)

// past is a run in the folder.
type past struct {
	id, suite string
	started   time.Time
}

// oldRuns finds the runs that are not among the newest of their suite. The plan of a suite's newest run names all that the suite needs, so that the
// checkpoints which only older ones refer to are no hits of it.
func oldRuns(cfg Config, runs []string) ([]Item, error) {
	if cfg.Keep <= 0 {
		return nil, nil
	}
	alive, err := journal.Read(filepath.Join(cfg.Root, "journal.jsonl"))
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{cfg.Busy: true}
	for _, entry := range alive {
		needed[entry.Run] = true
	}
	var items []Item
	newer := map[string]int{}
	for _, p := range newestFirst(cfg.Root, runs) {
		if newer[p.suite]++; newer[p.suite] <= cfg.Keep || needed[p.id] || !p.started.Before(cfg.Before) {
			continue
		}
		bytes, _, err := weigh(filepath.Join(cfg.Root, p.id))
		if err != nil {
			return nil, err
		}
		items = append(items, Item{Kind: Run, Path: p.id, Bytes: bytes, Made: p.started, What: p.id, Why: fmt.Sprintf("the suite has had %d since", newer[p.suite]-1)})
	}
	slices.Reverse(items)
	return items, nil
}

// newestFirst reads when runs began, and of which suite. Of one that does not say, the folder's time has to do.
func newestFirst(root string, runs []string) []past {
	all := make([]past, 0, len(runs))
	for _, id := range runs {
		p := past{id: id}
		if manifest, err := run.ReadManifest(filepath.Join(root, id)); err == nil {
			p.suite, p.started = manifest.Suite, manifest.Started
		} else if info, err := os.Stat(filepath.Join(root, id)); err == nil {
			p.started = info.ModTime().UTC()
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b past) int { return b.started.Compare(a.started) })
	return all
}
