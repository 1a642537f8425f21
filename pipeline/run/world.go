package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// world is what executor and workers share. Nothing in it changes during a run.
type world struct{ Config }

// env is what the stage of one step sees of the world.
func (w world) env(step addr.Step) stage.Env {
	return stage.Env{
		RunID: w.ID, Now: w.Now, Getenv: w.Getenv, Library: w.Plan.Library,
		Secret: func(name string) string {
			if secret, ok := w.Plan.Secrets[name]; ok {
				return secret.Reveal()
			}
			return ""
		},
		Log: slog.New(&noteHandler{events: w.Events, step: step}),
		Progress: func(p stage.Progress) {
			w.Events.Emit(event.Event{Type: event.StepProgress, Step: &step, Done: p.Done, Total: p.Total, Message: p.Note, Figures: p.Figures})
		},
	}
}

// longestFolder is how many bytes of a name a step takes: file systems have 255, of which an attempt's number or an ending takes some.
const longestFolder = 200

// folder returns the name under which files of a step are kept in the run's folder: the address, with what a file name should not have escaped. Of one
// that is too long a digest takes the place of the end.
func folder(step addr.Step) string {
	parts := []string{step.Kind}
	for _, part := range []string{step.Name, step.Key} {
		if part != "" {
			parts = append(parts, strings.ReplaceAll(url.QueryEscape(part), "%2F", "~"))
		}
	}
	name := strings.Join(parts, ".")
	if len(name) <= longestFolder {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	digest := "…" + hex.EncodeToString(sum[:8])
	return name[:longestFolder-len(digest)] + digest
}

// ServerLogs returns the files that hold the log of a deployment in a run's folder: what its servers wrote, attempt by attempt, where the
// provider keeps it there; or else what the teardown kept of it.
func ServerLogs(dir string, deploy addr.Step) []string {
	var own []string
	for n := 1; fileExists(attemptDir(dir, deploy, n)); n++ {
		logs, _ := fs.Glob(os.DirFS(attemptDir(dir, deploy, n)), "*.log") // the pattern is a good one
		for _, name := range logs {
			own = append(own, filepath.Join(attemptDir(dir, deploy, n), name))
		}
	}
	if len(own) > 0 {
		return own
	}
	if kept := keptLog(dir, deploy); fileExists(kept) {
		return []string{kept}
	}
	return nil
}

// keptLog is where a teardown keeps the end of a server's log.
func keptLog(dir string, deploy addr.Step) string {
	return filepath.Join(dir, "logs", folder(deploy)+".log")
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// attemptDir is the folder of an attempt at a step in a run's folder.
func attemptDir(dir string, step addr.Step, n int) string {
	return filepath.Join(dir, "attempts", folder(step)+"."+strconv.Itoa(n))
}

// makeAttemptDir makes a folder that was not there: what earlier attempts wrote is kept for diagnosis.
func (w world) makeAttemptDir(step addr.Step) (string, error) {
	for n := 1; ; n++ {
		dir := attemptDir(w.Dir, step, n)
		err := os.Mkdir(dir, 0o755)
		if errors.Is(err, fs.ErrNotExist) { // the run's first attempt makes the folder of all
			err = os.MkdirAll(dir, 0o755)
		}
		if !errors.Is(err, fs.ErrExist) {
			return dir, durable.Error("make", dir, err)
		}
	}
}

func (w world) acquirer() (stage.Acquirer, error) {
	acquirer, ok := w.Kinds[plan.Deploy].(stage.Acquirer)
	if !ok {
		return nil, errors.New("no stage deploy is registered")
	}
	return acquirer, nil
}

// release destroys a resource once, writing down the beginning and the end of it. A journal that cannot be written, as on a full disk, keeps
// no resource alive: the next run will find the record and learn that the resource is gone.
func (w world) release(ctx context.Context, record stage.Record) error {
	acquirer, err := w.acquirer()
	if err != nil {
		return err
	}
	if err := w.Journal.Mark(record.Token, journal.Releasing); err != nil {
		w.warn(record.Address, err)
	}
	if err := acquirer.Release(ctx, w.env(record.Address), record); err != nil {
		return err
	}
	if err := w.Journal.Mark(record.Token, journal.Gone); err != nil {
		w.warn(record.Address, err)
	}
	w.Events.Emit(event.Event{Type: event.ResourceGone, Step: &record.Address, Resource: record.Token, ID: record.ID})
	return nil
}

// warn tells of something that goes wrong beside the work of a step.
func (w world) warn(step addr.Step, err error) {
	w.Events.Emit(event.Event{Type: event.Note, Level: event.Warning, Step: &step, Reason: stage.ReasonOf(err), Message: err.Error()})
}

// ledger is the journal as an Acquirer sees it: what is written down is also told. The address is the executor's to say.
type ledger struct {
	journal *journal.Journal
	events  event.Sink
	step    addr.Step
}

var _ stage.Ledger = ledger{}

// Intend records that a resource is about to be created.
func (l ledger) Intend(record stage.Record) error {
	record.Address = l.step
	if err := l.journal.Intend(record); err != nil {
		return err
	}
	l.events.Emit(event.Event{Type: event.ResourceIntent, Step: &l.step, Resource: record.Token})
	return nil
}

// Created records the provider's id.
func (l ledger) Created(token, id string) error {
	if err := l.journal.Created(token, id); err != nil {
		return err
	}
	l.events.Emit(event.Event{Type: event.ResourceCreated, Step: &l.step, Resource: token, ID: id})
	return nil
}
