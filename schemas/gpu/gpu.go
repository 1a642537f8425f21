// Package gpu is what is publicly known of GPU types, and when two names can mean the same GPU. Its invariant: no figure is without its source
// and date, a figure nobody published is zero, and a name finds an entry only where nothing in it contradicts that entry.
package gpu

import "strings"

// GPU is what is known of one GPU type. Zero is not known.
type GPU struct {
	Name         string  // as suites write it: "H100"
	FormFactor   string  // of the figures: "sxm", "pcie", "oam"; empty where the type has only one
	MemoryGB     float64 // 10⁹ bytes, as sold
	TDPWatts     float64 // power limit of the board
	IdleWatts    float64 // drawn with nothing loaded; the lowest figure published
	ContextWatts float64 // drawn while it holds a model and has no request
	PriceUSD     float64 // of one GPU for an hour, on demand
	PriceAsOf    string  // day of the price: "2026-07-01"; empty without a price
	AllInKW      float64 // provisioned for one GPU: with its share of host, network and cooling
	Source       string  // where the figures are from, and as of when
}

// The sources that several entries share.
const (
	allIn = "all-in kW: InferenceX, April 2026"
	modal = "price: modal.com/pricing by the second, July 2026"
)

// Catalogue returns all entries, in the order of vendors and generations.
func Catalogue() []GPU {
	return []GPU{
		{
			Name: "A100-80G", FormFactor: "sxm", MemoryGB: 80, TDPWatts: 400, PriceUSD: 2.50, PriceAsOf: "2026-07-01",
			Source: source("NVIDIA A100 80GB SXM data sheet", modal),
		},
		{
			Name: "L4", FormFactor: "pcie", MemoryGB: 24, TDPWatts: 72, PriceUSD: 0.80, PriceAsOf: "2026-07-01",
			Source: source("NVIDIA L4 data sheet", modal),
		},
		{
			Name: "L40S", FormFactor: "pcie", MemoryGB: 48, TDPWatts: 350, PriceUSD: 1.95, PriceAsOf: "2026-07-01",
			Source: source("NVIDIA L40S data sheet", modal),
		},
		{
			Name: "H100", FormFactor: "sxm", MemoryGB: 80, TDPWatts: 700, IdleWatts: 64, ContextWatts: 120, PriceUSD: 3.95, PriceAsOf: "2026-07-01", AllInKW: 1.73,
			Source: source("NVIDIA H100 SXM data sheet", "idle: 64 to 73 W, published measurements up to 2026",
				"with a context: constant of a fit to 64 published measurements (RMS 8.6 %), 2026", modal, allIn),
		},
		{
			Name: "H200", FormFactor: "sxm", MemoryGB: 141, TDPWatts: 700, IdleWatts: 74, PriceUSD: 4.54, PriceAsOf: "2026-07-01", AllInKW: 1.73,
			Source: source("NVIDIA H200 SXM data sheet", "idle: 74 to 80 W, published measurements up to 2026", modal, allIn),
		},
		{
			Name: "B200", FormFactor: "sxm", MemoryGB: 180, TDPWatts: 1000, IdleWatts: 137, PriceUSD: 6.25, PriceAsOf: "2026-07-01", AllInKW: 2.17,
			Source: source("NVIDIA HGX B200 data sheet", "idle: published measurement of 137 W, up to 2026", modal, allIn),
		},
		{
			Name: "GB200", MemoryGB: 192, TDPWatts: 1200, AllInKW: 2.10,
			Source: source("NVIDIA GB200 NVL72 data sheet", allIn),
		},
		{
			Name: "MI300X", FormFactor: "oam", MemoryGB: 192, TDPWatts: 750, AllInKW: 1.79,
			Source: source("AMD Instinct MI300X data sheet", allIn),
		},
		{
			Name: "MI325X", FormFactor: "oam", MemoryGB: 256, TDPWatts: 1000, AllInKW: 2.18,
			Source: source("AMD Instinct MI325X data sheet", allIn),
		},
		{
			Name: "MI355X", FormFactor: "oam", MemoryGB: 288, TDPWatts: 1400, IdleWatts: 238, AllInKW: 2.65,
			Source: source("AMD Instinct MI355X data sheet", "idle: published measurement of 238 W, up to 2026", allIn),
		},
	}
}

func source(parts ...string) string { return strings.Join(parts, "; ") }

// Find returns the entry that a suite's GPU type ("h100-sxm5", "A100-80GB") or a device's name ("NVIDIA H100 80GB HBM3") means. A form factor
// or memory that the name gives must be the entry's: there is no entry for an "H100-NVL", whose limit is another.
func Find(name string) (GPU, bool) {
	wanted := parse(name)
	for _, g := range Catalogue() {
		entry := parse(g.Name + " " + g.FormFactor)
		entry.memoryGB = g.MemoryGB
		if wanted.sameModel(entry) && entry.sameModel(wanted) && !wanted.contradicts(entry) {
			return g, true
		}
	}
	return GPU{}, false
}
