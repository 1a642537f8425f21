package suite

import (
	"strings"
	"testing"
)

const prefixed = `model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}
provider "simulator" "p" {}
workload "w" {
  isl           = ISL
  osl           = 8
  shared_prefix = PREFIX
}
benchmark "b" {
  model    = model.m
  provider = provider.simulator.p
  workload = workload.w
  gpu_type = "H100"
  users    = 4
}
`

// A shared prefix is tokens, or a percentage of the mean input length, and leaves the shortest prompt a token of its own.
func TestSharedPrefix(t *testing.T) {
	for _, tc := range []struct {
		isl, prefix string
		want        int
		problem     string
	}{
		{"128", "32", 32, ""},
		{"128", `"50%"`, 64, ""},
		{"128", `"32"`, 32, ""},
		{"100", `"29%"`, 29, ""},
		{"{ uniform = [60, 100] }", `"50%"`, 40, ""},
		{"{ uniform = [30, 100] }", `"50%"`, 0, "shares a prefix of 32 tokens, but a prompt can have as few as 30"},
		{"128", `"100%"`, 0, `"100%" leaves no prompt a token of its own; write less than 100%`},
		{"128", `"half"`, 0, `"half" is not a percentage; write it with its sign: "1%"`},
		{"128", "0.5", 0, "0.5 is not a whole number"},
		{"128", "[]", 0, `is no prefix; write a number of tokens, or a percentage of isl such as "50%"`},
	} {
		t.Run(tc.isl+" "+tc.prefix, func(t *testing.T) {
			dir := write(t, map[string]string{"s.hcl": strings.NewReplacer("ISL", tc.isl, "PREFIX", tc.prefix).Replace(prefixed)})
			s, _, diags := Load(dir, options())
			if tc.problem == "" {
				if diags.HasErrors() || s.Cells()[0].Workload.SharedPrefixTokens != tc.want {
					t.Fatalf("%v, want %d tokens", diags, tc.want)
				}
				return
			}
			if !diags.HasErrors() || !strings.Contains(diags.Error(), tc.problem) {
				t.Errorf("%v, want %s", diags, tc.problem)
			}
		})
	}
}
