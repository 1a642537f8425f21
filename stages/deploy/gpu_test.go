package deploy

import (
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
	if diff := cmp.Diff(want, ParseGPUs(list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSameGPU(t *testing.T) {
	tests := []struct {
		gpuType, device string
		want            bool
	}{
		{"H100", "NVIDIA H100 80GB HBM3", true},
		{"h100-sxm5", "NVIDIA H100 80GB HBM3", true},
		{"H100", "NVIDIA H100 NVL", true},
		{"H100", "NVIDIA H200", false},
		{"A100-80GB", "NVIDIA A100-SXM4-80GB", true},
		{"A100-80GB", "NVIDIA A100-SXM4-40GB", false},
		{"L4", "NVIDIA L40S", false},
		{"L4", "NVIDIA L4", true},
		{"RTX-PRO-6000", "NVIDIA RTX PRO 6000 Blackwell Server Edition", true},
		{"RTX 4090", "NVIDIA GeForce RTX 4090", true},
		{"B200", "NVIDIA B200", true},
		{"cpu", "NVIDIA L4", true},
	}
	for _, test := range tests {
		if got := sameGPU(test.gpuType, test.device); got != test.want {
			t.Errorf("sameGPU(%q, %q) = %t, want %t", test.gpuType, test.device, got, test.want)
		}
	}
}
