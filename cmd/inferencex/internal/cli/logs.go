package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/pipeline/status"
)

type logsFlags struct {
	dir                  string
	follow, json, server bool
	lines                int
}

func newLogs(app *App) *cobra.Command {
	var f logsFlags
	cmd := &cobra.Command{
		Use:   "logs [RUN] [STEP]",
		Short: "Show what a run has done, or does",
		Long: `logs prints what happened in a run (the latest, if none is named), one line an event, or with -server the last lines of its servers' logs.
STEP is an address pattern such as 'load.*' or 'deploy'. -f goes on until the run ends.`,
		Example: `  inferencex logs -f
  inferencex logs latest 'load.*[**/8u/**]'
  inferencex logs -server -lines 200`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 2 {
				return exit(ExitConfig, "logs takes a run and a step, got %d arguments: %v", len(args), args)
			}
			return app.logs(cmd.Context(), f, args)
		},
	}
	registerRuns(cmd, &f.dir)
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "wait for more until the run ends")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the events as they are: one line of JSON each")
	cmd.Flags().BoolVar(&f.server, "server", false, "print the servers' logs instead")
	cmd.Flags().IntVar(&f.lines, "lines", 50, "last `number` of lines of each server's log")
	return cmd
}

func (a *App) logs(ctx context.Context, f logsFlags, args []string) error {
	dir, err := findRun(f.dir, nameOf(args))
	if err != nil && len(args) == 1 { // the one argument may be a step of the latest run
		if _, parseErr := addr.ParseSelector(args[0]); parseErr == nil && strings.ContainsAny(args[0], ".*[") {
			args = []string{"latest", args[0]}
			dir, err = findRun(f.dir, args[0])
		}
	}
	if err != nil {
		return err
	}
	wanted := func(addr.Step) bool { return true }
	if len(args) == 2 {
		selector, err := addr.ParseSelector(args[1])
		if err != nil {
			return exit(ExitConfig, "%w", err)
		}
		wanted = selector.Match
	}
	if f.server {
		return a.serverLogs(dir, f.lines, wanted)
	}
	show := func(e event.Event, line []byte) error {
		if (e.Step == nil && len(args) == 2) || (e.Step != nil && !wanted(*e.Step)) {
			return nil
		}
		if f.json {
			_, err := fmt.Fprintf(a.Stdout, "%s\n", line)
			return err
		}
		return view.Log(a.Stdout, e)
	}
	return a.readEvents(ctx, dir, f.follow, show)
}

// How often a run that is followed is looked at: its file, and whether it is over.
const (
	lookAtFile = 200 * time.Millisecond
	lookAtRun  = 10 // looks at its file
)

// readEvents shows what a run's file of events holds. Following, it waits for more until the run is over.
func (a *App) readEvents(ctx context.Context, dir string, follow bool, show func(event.Event, []byte) error) error {
	path := filepath.Join(dir, "events.jsonl")
	file, err := os.Open(path)
	for ; follow && errors.Is(err, fs.ErrNotExist); file, err = os.Open(path) {
		if over, lookErr := status.Over(dir, a.Now()); lookErr != nil || over || !pause(ctx, lookAtFile) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("read the run's events: %w", err)
	}
	defer file.Close()
	reader := event.NewReader(file)
	for looks, last := 0, false; ; looks++ {
		if err := a.drain(reader, show); err != nil || last || !follow {
			return err
		}
		if looks%lookAtRun == 0 {
			if last, err = status.Over(dir, a.Now()); err != nil {
				return err
			}
			if last {
				continue // what it wrote meanwhile is read once more
			}
		}
		if !pause(ctx, lookAtFile) {
			return nil
		}
	}
}

// drain shows what there is by now.
func (a *App) drain(reader *event.Reader, show func(event.Event, []byte) error) error {
	for {
		e, line, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && line == nil:
			return fmt.Errorf("read the run's events: %w", err)
		case err != nil:
			fmt.Fprintf(a.Stderr, "Warning: events.jsonl: %v\n", err)
		default:
			if err := show(e, line); err != nil {
				return err
			}
		}
	}
}

// pause waits, and returns false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// serverLogs prints the ends of the servers' logs: of those that run, what they write now; of the others, what was kept of it.
func (a *App) serverLogs(dir string, lines int, wanted func(addr.Step) bool) error {
	p, err := plan.Read(filepath.Join(dir, "plan.json"))
	if err != nil {
		return err
	}
	var paths []string
	for _, step := range p.Steps {
		if step.Address.Kind == plan.Deploy && wanted(step.Address) {
			paths = append(paths, run.ServerLogs(dir, step.Address)...)
		}
	}
	if len(paths) == 0 {
		return exit(ExitError, "no server of %s has left a log; a provider may have none", filepath.Base(dir))
	}
	for _, path := range paths {
		if err := a.tail(path, lines); err != nil {
			return err
		}
	}
	return nil
}

// mostTail is how much of a log's end is looked at for its last lines.
const mostTail = 4 << 20

// tail prints the last lines of a file, under its name.
func (a *App) tail(path string, lines int) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > mostTail {
		if _, err := file.Seek(-mostTail, io.SeekEnd); err != nil {
			return err
		}
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	all := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	last := strings.Join(all[max(0, len(all)-lines):], "\n")
	_, err = fmt.Fprintf(a.Stdout, "==> %s <==\n%s\n", path, last)
	return err
}
