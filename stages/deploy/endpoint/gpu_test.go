package endpoint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// smi puts a program nvidia-smi into PATH that lists the GPUs.
func smi(t *testing.T, list string) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\ncat <<'END'\n" + list + "\nEND\n"
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestGPUsOfThisMachine(t *testing.T) {
	smi(t, "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aa)\nGPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bb)\nGPU 2: NVIDIA L4 (UUID: GPU-cc)")
	tests := map[string]struct {
		hcl  string
		want []stage.DeviceGPU
		err  string
	}{
		"by index": {
			hcl:  `gpu_ids = ["1", "0"]`,
			want: []stage.DeviceGPU{{Index: 1, UUID: "GPU-bb", Name: "NVIDIA H100 80GB HBM3"}, {Index: 0, UUID: "GPU-aa", Name: "NVIDIA H100 80GB HBM3"}},
		},
		"all":          {err: "the server has 3 GPUs (NVIDIA H100 80GB HBM3), the suite says 2 × H100"},
		"another type": {hcl: `gpu_ids = ["0", "GPU-cc"]`, err: `GPU 2 of the server is "NVIDIA L4", the suite says H100`},
		"no such GPU":  {hcl: `gpu_ids = ["0", "7"]`, err: "this machine has no GPU 7; nvidia-smi -L lists 3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			live, err := acquire(t, `url = "`+fake(t, openai(nil), nil)+`"
				power = "nvidia-smi"
				`+test.hcl, qwen, nil)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || stage.ReasonOf(err) != "identity_mismatch" {
					t.Errorf("error = %v; want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, live.Endpoint().GPUs); diff != "" {
				t.Errorf("GPUs (-want +got):\n%s", diff)
			}
			want := stage.PowerSource{Kind: "nvidia-smi", Devices: []string{"1", "0"}}
			if diff := cmp.Diff(want, live.Endpoint().Power); diff != "" {
				t.Errorf("power (-want +got):\n%s", diff)
			}
		})
	}
}
