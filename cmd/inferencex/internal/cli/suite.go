package cli

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// suiteFlags are the flags of every command that reads a suite.
type suiteFlags struct {
	vars     []string
	varFiles []string
	targets  []string
	excludes []string
	replaces []string
	fresh    bool
	trials   moreTrials
	dir      string
	json     bool
}

func (f *suiteFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.vars, "var", nil, "set a variable, as `name=value`; may be repeated")
	cmd.Flags().StringArrayVar(&f.varFiles, "var-file", nil, "read variables from a `file`; may be repeated")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON to stdout")
}

func (f *suiteFlags) registerDir(cmd *cobra.Command) {
	registerRuns(cmd, &f.dir)
}

func (f *suiteFlags) registerTarget(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.targets, "target", nil, "only these cells: an address `pattern` such as 'load.*[**/1gpu/**]'; may be repeated")
	cmd.Flags().StringArrayVar(&f.excludes, "exclude", nil, "not these cells: a `pattern` like that of -target; may be repeated")
	cmd.Flags().StringArrayVar(&f.replaces, "replace", nil, "measure these cells again though they are sealed: a `pattern` like that of -target; may be repeated")
	cmd.Flags().BoolVar(&f.fresh, "fresh", false, "measure everything again; what is sealed stays until its new result takes its place, and is put aside then")
	cmd.Flags().Var(&f.trials, "trials", "measure `+N` trials of each cell beside those that the suite asks for")
}

// loaded is a suite with the sources that diagnostics quote.
type loaded struct {
	*suite.Suite
	files map[string]*hcl.File
}

// load reads the suite that the arguments name, or the current folder's. It prints what is wrong with it.
func (a *App) load(f suiteFlags, args []string) (*loaded, error) {
	l, diags, err := a.read(f, args)
	if err != nil {
		return nil, err
	}
	return l, a.report(l, f.json, diags)
}

// read is load without a word: the suite in what is loaded is nil if a diagnostic is an error.
func (a *App) read(f suiteFlags, args []string) (*loaded, hcl.Diagnostics, error) {
	options, err := a.options(f)
	if err != nil {
		return nil, nil, err
	}
	s, files, diags := suite.Load(pathOf(args), options)
	return &loaded{s, files}, diags, nil
}

// pathOf returns the suite that the arguments name, or the current folder.
func pathOf(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return "."
}

// options returns what the language has to be told, by the registry and by the flags.
func (a *App) options(f suiteFlags) (suite.Options, error) {
	vars := map[string]string{}
	for _, text := range f.vars {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return suite.Options{}, exit(ExitConfig, "-var %s: want name=value", text)
		}
		vars[name] = value
	}
	options := a.parts().SuiteOptions()
	options.Vars, options.VarFiles, options.Getenv = vars, f.varFiles, a.Getenv
	return options, nil
}

// report prints diagnostics. It returns an error if one of them is.
func (a *App) report(l *loaded, asJSON bool, diags hcl.Diagnostics) error {
	if len(diags) > 0 {
		if err := view.Diagnostics(a.Stderr, a.Stdout, diags, l.files, asJSON, a.Colour); err != nil {
			return err
		}
	}
	if diags.HasErrors() {
		return silent(ExitConfig)
	}
	return nil
}

// plan builds the plan over a store, which may be nil. It prints what is wrong with it.
func (a *App) plan(l *loaded, f suiteFlags, store *checkpoint.Store) (*plan.Plan, error) {
	p, diags, err := a.build(l, f, store)
	if err != nil {
		return nil, err
	}
	return p, a.report(l, f.json, diags)
}

// build is plan without a word.
func (a *App) build(l *loaded, f suiteFlags, store *checkpoint.Store) (*plan.Plan, hcl.Diagnostics, error) {
	cfg, err := a.planConfig(l, f)
	if err != nil {
		return nil, nil, err
	}
	cfg.Store = store
	p, diags, err := plan.Build(cfg)
	if p != nil {
		p.Warnings = append(p.Warnings, a.beyondCeiling(p)...)
	}
	return p, diags, err
}

// planConfig returns what a plan is made from, but for the store.
func (a *App) planConfig(l *loaded, f suiteFlags) (plan.Config, error) {
	parts := a.parts()
	cfg := plan.Config{
		Suite: l.Suite, Kinds: parts.Kinds(), Providers: parts.Deploy(), Fresh: f.fresh, MoreTrials: int(f.trials),
	}
	for flag, given := range map[string]struct {
		texts     []string
		selectors *[]addr.Selector
	}{"target": {f.targets, &cfg.Targets}, "exclude": {f.excludes, &cfg.Exclude}, "replace": {f.replaces, &cfg.Replace}} {
		for _, text := range given.texts {
			selector, err := addr.ParseSelector(text)
			if err != nil {
				return cfg, exit(ExitConfig, "-%s: %w", flag, err)
			}
			*given.selectors = append(*given.selectors, selector)
		}
	}
	return cfg, nil
}
