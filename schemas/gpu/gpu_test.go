package gpu_test

import (
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/schemas/gpu"
)

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		suiteType, device string
		want              bool
	}{
		{"H100", "NVIDIA H100 80GB HBM3", true},
		{"h100", "NVIDIA H100 NVL", true},
		{"H100-SXM", "NVIDIA H100 80GB HBM3", true},
		{"h100-sxm5", "NVIDIA H100 80GB HBM3", true},
		{"H100_SXM5_80GB", "NVIDIA H100 80GB HBM3", true},
		{"nvidia-h100-mega-80gb", "NVIDIA H100 80GB HBM3", true},
		{"H100-NVL", "NVIDIA H100 NVL", true},
		{"H100-NVL", "NVIDIA H100 80GB HBM3", false},
		{"H100-SXM", "NVIDIA H100 PCIe", false},
		{"H100", "NVIDIA H200", false},
		{"H100", "NVIDIA GH200 480GB", false},
		{"H200", "NVIDIA GH200 480GB", false},
		{"H200-141GB", "NVIDIA H200", true},
		{"A100-80G", "NVIDIA A100-SXM4-80GB", true},
		{"A100-80GB", "NVIDIA A100 80GB PCIe", true},
		{"A100-80 GB", "NVIDIA A100-SXM4-80GB", true},
		{"A100-80G", "NVIDIA A100-SXM4-40GB", false},
		{"A100-PCIE-40GB", "NVIDIA A100-SXM4-40GB", false},
		{"A100-SXM", "NVIDIA A100-SXM4-80GB", true},
		{"A100", "NVIDIA A10G", false},
		{"A10G", "NVIDIA A10G", true},
		{"B200", "NVIDIA B200", true},
		{"B200", "NVIDIA GB200", false},
		{"L4", "NVIDIA L4", true},
		{"L4", "NVIDIA L40S", false},
		{"L40S", "NVIDIA L40S", true},
		{"L40S", "NVIDIA L40", false},
		{"T4", "Tesla T4", true},
		{"MI300X", "AMD Instinct MI300X OAM", true},
		{"MI300X-192GB", "AMD Instinct MI300X", true},
		{"MI300X", "AMD Instinct MI325X", false},
		{"RTX-PRO-6000", "NVIDIA RTX PRO 6000 Blackwell Server Edition", true},
		{"RTX-6000-Ada", "NVIDIA RTX 6000 Ada Generation", true},
		{"RTX-6000-Ada", "NVIDIA RTX PRO 6000 Blackwell Server Edition", false},
		{"RTX 4090", "NVIDIA GeForce RTX 4090", true},
		{"RTX-4080", "NVIDIA GeForce RTX 4080 SUPER", false},
		{"cpu", "NVIDIA L4", true},
		{"", "NVIDIA L4", true},
	} {
		if got := gpu.Matches(tc.suiteType, tc.device); got != tc.want {
			t.Errorf("Matches(%q, %q) = %t, want %t", tc.suiteType, tc.device, got, tc.want)
		}
	}
}

func TestFind(t *testing.T) {
	for _, tc := range []struct{ name, want string }{
		{"H100", "H100"},
		{"h100-sxm5-80gb", "H100"},
		{"NVIDIA H100 80GB HBM3", "H100"},
		{"H100-NVL", ""},
		{"H100-PCIE", ""},
		{"NVIDIA H100 NVL", ""},
		{"A100", "A100-80G"},
		{"NVIDIA A100-SXM4-80GB", "A100-80G"},
		{"A100-40GB", ""},
		{"A100-PCIE", ""},
		{"B200-192GB", "B200"},
		{"GB200", "GB200"},
		{"GH200", ""},
		{"L4", "L4"},
		{"L40", ""},
		{"NVIDIA L40S", "L40S"},
		{"mi300x", "MI300X"},
		{"AMD Instinct MI355X", "MI355X"},
		{"cpu", ""},
		{"", ""},
	} {
		got, ok := gpu.Find(tc.name)
		if got.Name != tc.want || ok != (tc.want != "") {
			t.Errorf("Find(%q) = %q, %t, want %q", tc.name, got.Name, ok, tc.want)
		}
	}
}

func TestCatalogueIsWhole(t *testing.T) {
	for _, g := range gpu.Catalogue() {
		found, _ := gpu.Find(g.Name)
		if found != g {
			t.Errorf("%s finds %q", g.Name, found.Name)
		}
		if g.MemoryGB == 0 || g.TDPWatts == 0 || g.Source == "" {
			t.Errorf("%s lacks its memory, limit or source: %+v", g.Name, g)
		}
		if g.IdleWatts > 0.2*g.TDPWatts || g.ContextWatts > 0.2*g.TDPWatts {
			t.Errorf("%s: idle at %g W and %g W with a context, of %g W", g.Name, g.IdleWatts, g.ContextWatts, g.TDPWatts)
		}
		if _, err := time.Parse(time.DateOnly, g.PriceAsOf); (g.PriceUSD > 0) != (err == nil) {
			t.Errorf("%s: a price of %g as of %q", g.Name, g.PriceUSD, g.PriceAsOf)
		}
	}
}
