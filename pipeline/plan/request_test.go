package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// withRequests plans a suite of one cell whose workload has these arguments too.
func withRequests(t *testing.T, arguments string) *plan.Plan {
	t.Helper()
	const token = "variable \"token\" {\n  type      = string\n  default   = \"very-secret\"\n  sensitive = true\n}\n"
	path := filepath.Join(t.TempDir(), "s.hcl")
	text := token + strings.NewReplacer("ISL", "isl = 128", "OSL", "osl = 32\n"+arguments).Replace(lengthy)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, diags, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: kinds()})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	return p
}

// What goes with each request is part of a cell's key, as it comes over the wire; a secret header is not, nor is it in anything that is written.
func TestWhatGoesWithRequests(t *testing.T) {
	p := withRequests(t, `extra_body = { top_k = 20, min_tokens = null }
  headers = { x-tier = "gold", X-Token = var.token }`)
	var cfg stage.LoadConfig
	if err := json.Unmarshal(measured(t, p).Config, &cfg); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"min_tokens":null,"top_k":20}`, string(cfg.Workload.ExtraBody)); diff != "" {
		t.Errorf("extra body (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"X-Tier": "gold"}, cfg.Workload.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	name := cfg.Unkeyed.SecretHeaders["X-Token"]
	if secret := p.Secrets[name]; name != "workload.w.headers.X-Token" || !secret.Sensitive() || secret.Reveal() != "very-secret" {
		t.Errorf("the stage cannot get at the secret header %q: %v", name, p.Secrets)
	}
	printed := describe(p, nil) + fmt.Sprintf("%+v %v %#v", p, p.Secrets, p.Secrets)
	for _, step := range p.Steps {
		printed += string(step.Config) + strings.Join(step.Recipe, "\n")
	}
	if strings.Contains(printed, "very-secret") {
		t.Error("the secret is in what the plan prints")
	}

	plain := measured(t, withRequests(t, "")).Key
	for arguments, changes := range map[string]bool{
		`extra_body = {}`:                    false,
		`extra_body = { top_k = 20 }`:        true,
		`extra_body = { min_tokens = null }`: true,
		`headers = {}`:                       false,
		`headers = { X-Tier = null }`:        false,
		`headers = { X-Tier = "gold" }`:      true,
		`headers = { X-Token = var.token }`:  false,
	} {
		if other := measured(t, withRequests(t, arguments)).Key != plain; other != changes {
			t.Errorf("%s: another key: %v, want %v", arguments, other, changes)
		}
	}
}
