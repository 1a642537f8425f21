package stage

import (
	"encoding/json"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
)

// The configurations below are what the plan writes and the kinds read. Every field of a measure's configuration is part of its
// checkpoint key, under the name in its JSON tag, except what stands under "unkeyed"; names, labels and order are not in them.

// Model is a model as a server loads it.
type Model struct {
	Repo     string `json:"repo"`               // HuggingFace repository or a path
	Revision string `json:"revision,omitempty"` // commit; empty: whatever is newest
}

// Engine is the server software and how it is started.
type Engine struct {
	Kind    string            `json:"kind,omitempty"` // vllm, sglang, llama.cpp, simulator; empty: the provider's own
	Image   string            `json:"image,omitempty"`
	Command []string          `json:"command,omitempty"` // in place of the kind's usual command
	Args    []string          `json:"args,omitempty"`    // after the kind's usual ones
	Env     map[string]string `json:"env,omitempty"`
}

// Provider is where a deployment runs. Config is what of the provider's own block bears on results, as canonical JSON. Revision counts changes of
// the provider's code that change results: of a simulator, say, whose model is another one.
type Provider struct {
	Type     string          `json:"type"`
	Revision int             `json:"revision,omitempty"`
	Config   json.RawMessage `json:"config,omitempty"`
}

// Deployment is what a measurement runs against, as far as it bears on the result.
type Deployment struct {
	Model    Model    `json:"model"`
	Engine   Engine   `json:"engine"`
	Provider Provider `json:"provider"`
	GPUType  string   `json:"gpu_type"`
	GPUs     int      `json:"gpus"`
}

// Demand is what one load asks of a server at once, as far as it tells how much that is. Lengths are means, in tokens.
type Demand struct {
	Users   int     `json:"users,omitempty"`    // of a closed loop
	RateRPS float64 `json:"rate_rps,omitempty"` // of an open one: requests per second
	ISL     int     `json:"isl"`
	OSL     int     `json:"osl"`
}

// DeployConfig is the configuration of a deploy step.
type DeployConfig struct {
	Deployment Deployment `json:"deployment"`
	// What follows does not bear on results.
	ProviderName string          `json:"provider_name"`
	Provenance   json.RawMessage `json:"provenance,omitempty"` // arguments of the provider's block that do not bear on results
	// SecretEnv names the engine's environment variables whose values are secrets; Env.Secret gives them.
	SecretEnv      map[string]string `json:"secret_env,omitempty"` // variable → name of the secret
	Demands        []Demand          `json:"demands,omitempty"`    // of the loads that are planned on it, each once
	TTL            Duration          `json:"ttl"`                  // provider-side time limit
	StartupTimeout Duration          `json:"startup_timeout"`      // create to ready
}

// Workload is the work that each user does, as far as it bears on the result. Lengths are in tokens: a number in JSON, or a distribution;
// Env.Library holds the values of those that are datasets.
type Workload struct {
	API          string          `json:"api"` // "chat" or "completions"
	ISL          length.Lengths  `json:"isl"`
	OSL          length.Lengths  `json:"osl"`
	Turns        length.Lengths  `json:"turns,omitzero"`      // of a conversation; none: requests stand alone. ISL is then what is new in a prompt
	ThinkTime    think.Time      `json:"think_time,omitzero"` // between an answer and the next request of a user, or of a conversation of an open loop
	Requests     int             `json:"requests,omitempty"`  // 0 where Duration ends the load
	Duration     Duration        `json:"duration,omitempty"`
	SharedPrefix int             `json:"shared_prefix,omitempty"` // tokens that all prompts begin with
	Ramp         Duration        `json:"ramp,omitempty"`          // closed loop: the users start evenly over this long
	Arrival      string          `json:"arrival,omitempty"`       // open loop: "constant", "poisson" or "gamma" gaps between requests
	Burstiness   float64         `json:"burstiness,omitempty"`    // of gamma gaps: their shape
	MaxInFlight  int             `json:"max_in_flight,omitempty"` // open loop: a request that is due when so many are in flight is dropped; 0: none is
	Phases       phase.Phases    `json:"phases,omitempty"`        // users or rates over time, Duration in all; none: Users or RateRPS all along
	Trace        *trace.Trace    `json:"trace,omitempty"`         // open loop: requests at its times and with its blocks; Env.Library holds them
	Dataset      *dataset.Use    `json:"dataset,omitempty"`       // prompts are its texts, and ISL is theirs; none: words are drawn. Env.Library holds them
	Grace        Duration        `json:"grace,omitempty"`         // after Duration: what is in flight so long after its end is cut off
	IgnoreEOS    bool            `json:"ignore_eos"`
	Temperature  float64         `json:"temperature"`
	ExtraBody    json.RawMessage `json:"extra_body,omitempty"` // merged into each request's JSON object

	// Tokenizer is the key of the model's tokenizer.json, if the suite has one: Env.Library holds it.
	Tokenizer string `json:"tokenizer,omitempty"`

	Headers map[string]string `json:"headers,omitempty"` // of each request, over the endpoint's; secret ones are apart
}

// LoadConfig is the configuration of a load step: one cell.
type LoadConfig struct {
	Deployment Deployment      `json:"deployment"`
	Workload   Workload        `json:"workload"`
	Users      int             `json:"users,omitempty"`    // closed loop: exactly so many requests in flight; the most of the workload's phases
	RateRPS    float64         `json:"rate_rps,omitempty"` // open loop: requests per second; the mean of the workload's phases or trace
	Trial      int             `json:"trial"`              // from 1
	Cold       bool            `json:"cold,omitempty"`     // nothing warms the deployment up before its first load
	Seed       int64           `json:"seed"`
	Salt       string          `json:"salt,omitempty"`
	Options    json.RawMessage `json:"options,omitempty"` // arguments of the suite's stage "load" block
	Unkeyed    LoadUnkeyed     `json:"unkeyed,omitzero"`
}

// LoadUnkeyed is what of a load's configuration does not bear on its result.
type LoadUnkeyed struct {
	RequestTimeout Duration `json:"request_timeout"` // a request that takes longer has failed
	// SecretHeaders are headers of each request whose values are secrets: the name under which Env.Secret gives each.
	SecretHeaders map[string]string `json:"secret_headers,omitempty"`
}

// WarmupConfig is the configuration of a warmup step: once per incarnation, before its first cell.
type WarmupConfig struct {
	Deployment Deployment      `json:"deployment"`
	Workload   Workload        `json:"workload"`         // that of the deployment's cells with the longest requests
	Users      int             `json:"users"`            // the most that any cell has
	Requests   int             `json:"requests"`         // at least Users; 0: none, the server stays cold
	Settle     bool            `json:"settle,omitempty"` // more are sent, until the time to the first token has settled
	Seed       int64           `json:"seed"`
	Options    json.RawMessage `json:"options,omitempty"`
	Unkeyed    LoadUnkeyed     `json:"unkeyed,omitzero"`
}

// PowerConfig is the configuration of a fetch-power step.
type PowerConfig struct {
	GPUs    int             `json:"gpus"`              // devices expected
	Options json.RawMessage `json:"options,omitempty"` // arguments of the suite's stage "fetch-power" block
	Unkeyed PowerUnkeyed    `json:"unkeyed,omitzero"`
}

// PowerUnkeyed is what of a fetch-power step's configuration does not bear on its result.
type PowerUnkeyed struct {
	Options json.RawMessage `json:"options,omitempty"` // the arguments that are not part of a key
}

// AggregateConfig is the configuration of the aggregate step: what its tables say beside the measurements.
type AggregateConfig struct {
	Suite       string         `json:"suite"`
	Description string         `json:"description,omitempty"`
	Seed        int64          `json:"seed"`
	Cells       []CellConfig   `json:"cells"`
	GPUs        map[string]GPU `json:"gpus,omitempty"` // by gpu type: what prices and limits rest on
}

// PlotConfig is the configuration of the plot step.
type PlotConfig struct {
	Suite  string   `json:"suite"`
	Charts []string `json:"charts"`
}

// CellConfig is one cell of the aggregate step: its labels, where its measurements are, and by what it is judged.
type CellConfig struct {
	// The plan writes the labels here and nowhere else: tables, reports and charts repeat them.
	result.Labels `json:"labels"`

	Load  addr.Step          `json:"load"`
	Power addr.Step          `json:"power"`
	SLO   map[string]float64 `json:"slo,omitempty"` // by metric name: the bound, in the metric's unit

	// OSLAtMost says that the model may end an answer before its length: the workload does not ignore the end of
	// a sequence.
	OSLAtMost bool `json:"osl_at_most,omitempty"`
	// Phases are what the label Pattern names, where the load goes through phases.
	Phases phase.Phases `json:"phases,omitempty"`
	// RampSeconds is how long the rate of an open loop rises before it is RateRPS.
	RampSeconds float64 `json:"ramp_seconds,omitempty"`
	// SimulatedByDesign says that the provider simulates: the cell is simulated even if its load failed.
	SimulatedByDesign bool `json:"simulated_by_design,omitempty"`
}

// GPU is what the catalogue or the suite says of a GPU type.
type GPU struct {
	PricePerHourUSD float64 `json:"price_per_hour_usd,omitempty"`
	PriceAsOf       string  `json:"price_as_of,omitempty"`
	TDPWatts        float64 `json:"tdp_watts,omitempty"`
	IdleWatts       float64 `json:"idle_watts,omitempty"` // while it holds a model and has no request
}

// Duration is a time.Duration that is a string such as "1m30s" in JSON.
type Duration time.Duration

// MarshalText writes the form of time.Duration.String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}
