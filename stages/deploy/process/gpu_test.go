package process_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// The server gets its GPUs by CUDA_VISIBLE_DEVICES, and exactly those are looked at and read for power.
func TestGPUs(t *testing.T) {
	dir := t.TempDir()
	script := `#!/bin/sh
echo "GPU 0: NVIDIA L4 (UUID: GPU-aa)"
echo "GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bb)"
echo "GPU 2: NVIDIA H100 80GB HBM3 (UUID: GPU-cc)"
`
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	visible := func(name string) string { return map[string]string{"CUDA_VISIBLE_DEVICES": "2,1,0"}[name] }
	tests := map[string]struct {
		hcl    string
		getenv func(string) string
		ids    []string
		err    string
	}{
		"by gpu_ids":         {`gpu_ids = ["1", "GPU-cc"]`, visible, []string{"1", "GPU-cc"}, ""},
		"by the environment": {"", visible, []string{"2", "1"}, ""},
		"the first ones":     {"", nil, nil, `deploy Qwen/Qwen3-8B-FP8 on process (2 × H100): GPU 0 of the server is "NVIDIA L4", the suite says H100`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, live, err := acquire(t, own("plain", "{alias}", "{port}"), test.hcl, test.getenv)
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("error = %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			e := live.Endpoint()
			if diff := cmp.Diff(stage.PowerSource{Kind: "nvidia-smi", Devices: test.ids}, e.Power); diff != "" {
				t.Errorf("power (-want +got):\n%s", diff)
			}
			if len(e.GPUs) != 2 || e.GPUs[0].Name != "NVIDIA H100 80GB HBM3" || e.Engine != "own" || e.Simulated {
				t.Errorf("endpoint = %+v", e)
			}
			lines, err := live.Logs(t.Context(), 10)
			if want := "GPUs " + test.ids[0] + "," + test.ids[1]; err != nil || !slices.Contains(lines, want) {
				t.Errorf("log = %q, %v; want %q", lines, err, want)
			}
		})
	}
}
