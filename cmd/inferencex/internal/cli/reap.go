package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

type reapFlags struct {
	suiteFlags
	run      string
	all, yes bool
	timeout  time.Duration
}

func newReap(app *App) *cobra.Command {
	var f reapFlags
	cmd := &cobra.Command{
		Use:   "reap [SUITE]",
		Short: "Find servers by their labels alone, and destroy them",
		Long: `reap asks the providers for every server that carries the label of an inferencex run, whatever became of that run's files; those of the suite's
provider blocks, or all of those that need no block to be asked. It lists what it finds and exits with 7 if that is anything.

With -yes it destroys the servers of one run (-run) or of all (-all), but for those of the run that is in progress in the folder. Others may use
the same provider: -all takes what their runs use, too.`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error { return app.reap(cmd.Context(), f, args) },
	}
	f.register(cmd)
	f.registerDir(cmd)
	cmd.Flags().StringVar(&f.run, "run", "", "only servers of the run with this `id`")
	cmd.Flags().BoolVar(&f.all, "all", false, "with -yes: the servers of all runs")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "destroy what is listed")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 5*time.Minute, "how long to try")
	return cmd
}

// place is where to look for servers: a provider with its arguments.
type place struct {
	providerType string
	name         string
	args         cty.Value
}

func (a *App) reap(ctx context.Context, f reapFlags, args []string) error {
	if f.yes && !f.all && f.run == "" {
		return exit(ExitConfig, "-yes destroys the servers of -run RUN, or with -all those of every run: say which")
	}
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, f.timeout)
	defer stop()
	places, err := a.places(f.suiteFlags, args)
	if err != nil {
		return err
	}
	inProgress := ""
	if sight, ok, err := journal.Look(f.dir, a.Now()); err != nil {
		return err
	} else if ok && sight.Alive {
		inProgress = sight.Holder.Run
	}
	env := stage.Env{Now: a.Now, Getenv: a.Getenv}
	var found []view.Server
	unasked, left := 0, 0
	for _, p := range places {
		servers, err := a.serversAt(ctx, env, p, f.run)
		if err != nil {
			unasked++
			fmt.Fprintf(a.Stderr, "Error: %v\n", err)
		}
		for _, s := range servers {
			s.InProgress = s.Run == inProgress && inProgress != ""
			if slices.ContainsFunc(found, func(other view.Server) bool { return other.Type == s.Type && other.Token == s.Token }) {
				continue // two blocks of one provider
			}
			if f.yes && !s.InProgress {
				s.Err = a.parts().Deploy().Destroy(ctx, env, p.providerType, p.args, deploy.Resource{Token: deploy.Token(s.Token), ID: deploy.ID(s.ID)})
				s.Gone = s.Err == nil
			}
			if !s.Gone && !s.InProgress {
				left++
			}
			found = append(found, s)
		}
	}
	if err := view.Servers(a.Stdout, a.Stderr, found, f.json, f.yes); err != nil {
		return err
	}
	switch {
	case left > 0:
		return silent(ExitAlive)
	case unasked > 0:
		return silent(ExitError)
	}
	return nil
}

// serversAt returns the labelled servers at a place.
func (a *App) serversAt(ctx context.Context, env stage.Env, p place, run string) ([]view.Server, error) {
	labels := map[string]string{}
	if run != "" {
		labels[deploy.LabelRun] = run
	}
	found, err := a.parts().Deploy().List(ctx, env, p.providerType, p.args, labels)
	var servers []view.Server
	for _, r := range found {
		servers = append(servers, view.Server{Type: p.providerType, Provider: p.name, Token: string(r.Token), ID: string(r.ID), Run: r.Labels[deploy.LabelRun]})
	}
	return servers, err
}

// places returns the provider blocks of a suite, or each provider that can be asked without one.
func (a *App) places(f suiteFlags, args []string) ([]place, error) {
	var places []place
	if len(args) > 0 {
		l, err := a.load(f, args)
		if err != nil {
			return nil, err
		}
		for _, p := range l.Providers {
			places = append(places, place{p.Type, p.Type + "." + p.Name, p.Config})
		}
		return places, nil
	}
	bodies := a.parts().Deploy().Bodies()
	for _, name := range a.parts().Deploy().Types() {
		body := bodies[name]
		required := slices.IndexFunc(body.Args, func(arg block.Arg) bool { return arg.Required })
		if required >= 0 {
			continue // it cannot be asked without
		}
		places = append(places, place{name, name, body.Defaults()})
	}
	return places, nil
}
