package deploy

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

func TestParseGPUs(t *testing.T) {
	const list = `GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-1d0c5d5c-0b5e-7d9a-0c3b-8f6a2c1b0e11)
  MIG 3g.40gb     Device  0: (UUID: MIG-5f2b1c7e-1111-2222-3333-444455556666)
GPU 11: NVIDIA H100 80GB HBM3 (UUID: GPU-2)
`
	want := []stage.DeviceGPU{
		{Index: 0, UUID: "GPU-1d0c5d5c-0b5e-7d9a-0c3b-8f6a2c1b0e11", Name: "NVIDIA A100-SXM4-80GB"},
		{Index: 11, UUID: "GPU-2", Name: "NVIDIA H100 80GB HBM3"},
	}
	if diff := cmp.Diff(want, parseGPUs(list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The rule for names is that of package gpu: the gate must not take what this refuses, nor the other way around.
func TestCompareGPUs(t *testing.T) {
	h100 := stage.Deployment{GPUType: "H100", GPUs: 1}
	tests := map[string]struct {
		d    stage.Deployment
		seen []stage.DeviceGPU
		want string
	}{
		"the same":          {h100, []stage.DeviceGPU{{Name: "NVIDIA H100 80GB HBM3"}}, ""},
		"nobody could look": {h100, nil, ""},
		"without GPUs":      {stage.Deployment{}, []stage.DeviceGPU{{Name: "NVIDIA L4"}}, ""},
		"another":           {h100, []stage.DeviceGPU{{Index: 3, Name: "NVIDIA H200"}}, `GPU 3 of the server is "NVIDIA H200", the suite says H100`},
		"more":              {h100, []stage.DeviceGPU{{Name: "NVIDIA L4"}, {Name: "NVIDIA L4"}}, "the server has 2 GPUs (NVIDIA L4), the suite says 1 × H100"},
		"another form":      {stage.Deployment{GPUType: "H100-NVL", GPUs: 1}, []stage.DeviceGPU{{Name: "NVIDIA H100 80GB HBM3"}}, `GPU 0 of the server is "NVIDIA H100 80GB HBM3", the suite says H100-NVL`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := compareGPUs(test.d, test.seen)
			if text := fmt.Sprint(err); (test.want == "") != (err == nil) || err != nil && text != test.want {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}
