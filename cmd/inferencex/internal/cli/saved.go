package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

const savedSchema = 1

// savedPlan is what plan -out writes: the plan, and all that is needed to make it again. It is run only if that gives the same plan. Values
// of sensitive variables are not in it: they must be given again.
type savedPlan struct {
	Schema   int        `json:"inferencex_plan"`
	Suite    string     `json:"suite"` // absolute path
	Dir      string     `json:"dir"`   // absolute path
	Vars     []string   `json:"vars,omitempty"`
	VarFiles []string   `json:"var_files,omitempty"` // absolute paths
	Targets  []string   `json:"targets,omitempty"`
	Excludes []string   `json:"excludes,omitempty"`
	Replaces []string   `json:"replaces,omitempty"`
	Fresh    bool       `json:"fresh,omitempty"`
	Trials   moreTrials `json:"more_trials,omitempty"`
	Plan     *plan.Plan `json:"plan"`
}

func (a *App) savePlan(path string, f suiteFlags, args []string, l *loaded, p *plan.Plan) error {
	if text, err := os.ReadFile(path); err == nil && len(text) > 0 && !isSaved(text) {
		return exit(ExitConfig, "-out %s: this file is no saved plan; choose another name, nothing was overwritten", path)
	}
	saved := savedPlan{Schema: savedSchema, Targets: f.targets, Excludes: f.excludes, Replaces: f.replaces, Fresh: f.fresh, Trials: f.trials, Plan: p}
	var err error
	if saved.Suite, err = filepath.Abs(pathOf(args)); err != nil {
		return err
	}
	if saved.Dir, err = filepath.Abs(f.dir); err != nil {
		return err
	}
	for _, file := range f.varFiles {
		absolute, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		saved.VarFiles = append(saved.VarFiles, absolute)
	}
	for _, given := range f.vars {
		name, _, _ := strings.Cut(given, "=")
		if !l.sensitive(name) {
			saved.Vars = append(saved.Vars, given)
		}
	}
	return durable.WriteJSON(path, saved)
}

// sensitive reports whether a variable of the suite is.
func (l *loaded) sensitive(name string) bool {
	for _, v := range l.Variables {
		if v.Name == name {
			return v.Sensitive
		}
	}
	return false
}

// isSaved reports whether a text begins as a saved plan does.
func isSaved(text []byte) bool {
	return bytes.Contains(text[:min(len(text), 64)], []byte(`"inferencex_plan"`))
}

// openSaved reads a saved plan. It returns nil if path is none, but a suite.
func openSaved(path string) (*savedPlan, error) {
	text, err := os.ReadFile(path)
	if err != nil || !isSaved(text) {
		return nil, nil // whatever it is, reading it as a suite says what is wrong with it
	}
	var saved savedPlan
	if err := json.Unmarshal(text, &saved); err != nil {
		return nil, exit(ExitConfig, "saved plan %s is damaged: %w; make it again with plan -out", path, err)
	}
	if saved.Schema != savedSchema || saved.Plan == nil {
		return nil, exit(ExitConfig, "saved plan %s has schema %d, this program reads %d; make it again with plan -out", path, saved.Schema, savedSchema)
	}
	return &saved, nil
}

// flags returns the flags that the plan was made with. Variables may be added; what made the plan cannot be changed.
func (s *savedPlan) flags(now suiteFlags) (suiteFlags, error) {
	if len(now.targets)+len(now.excludes)+len(now.replaces)+len(now.varFiles) > 0 || now.fresh || now.trials > 0 {
		return now, exit(ExitConfig, "a saved plan is run as it is: -target, -exclude, -replace, -fresh, -trials and -var-file belong to plan -out")
	}
	return suiteFlags{
		vars: slices.Concat(s.Vars, now.vars), varFiles: s.VarFiles, dir: s.Dir, json: now.json,
		targets: s.Targets, excludes: s.Excludes, replaces: s.Replaces, fresh: s.Fresh, trials: s.Trials,
	}, nil
}

// check refuses the plan if it is not what would be done now, and says where the two part.
func (s *savedPlan) check(now *plan.Plan) error {
	was, err := json.Marshal(s.Plan)
	if err != nil {
		return err
	}
	is, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if bytes.Equal(was, is) {
		return nil
	}
	return exit(ExitConfig, "the saved plan is stale: %s. Make it again with plan -out", firstDifference(s.Plan, now))
}

func firstDifference(was, now *plan.Plan) string {
	for i, asked := range now.Prompts {
		if i < len(was.Prompts) && was.Prompts[i].Path == asked.Path && was.Prompts[i].SHA256 != asked.SHA256 {
			return fmt.Sprintf("the content of %s has changed", asked.Path)
		}
	}
	for i, step := range now.Steps {
		switch {
		case i >= len(was.Steps) || was.Steps[i].Address != step.Address:
			return fmt.Sprintf("%s is not where it was", step.Address)
		case was.Steps[i].Action != step.Action:
			return fmt.Sprintf("%s was to %s, now it is to %s (%s)", step.Address, was.Steps[i].Action, step.Action, step.Reason)
		case was.Steps[i].Key != step.Key || !bytes.Equal(was.Steps[i].Config, step.Config):
			return fmt.Sprintf("the configuration of %s has changed", step.Address)
		}
	}
	return "the suite, its policies or its estimate have changed"
}
