package stage

import "time"

// Endpoint is a server that answers OpenAI-compatible requests, and what is known of it.
type Endpoint struct {
	URL       string            `json:"url"`                   // base without a path, such as http://127.0.0.1:8000
	Model     string            `json:"model"`                 // the name to ask for: the run-unique alias where the server carries one
	APIKeyEnv string            `json:"api_key_env,omitempty"` // environment variable that holds the key; never the key
	Headers   map[string]string `json:"headers,omitempty"`     // values may be secrets: whoever writes an endpoint down leaves them out
	Trust     Trust             `json:"trust,omitzero"`
	// MetricsURLs are where the servers behind URL show their metrics, each of them its own; none: URL has them.
	MetricsURLs []string `json:"metrics_urls,omitempty"`

	Engine        string      `json:"engine"` // vllm, sglang, llamacpp or simulator as the server shows itself, or else the suite's word for it, or unknown
	EngineVersion string      `json:"engine_version,omitempty"`
	GPUs          []DeviceGPU `json:"gpus,omitempty"` // as seen from inside; empty where nobody could look
	RTTSeconds    float64     `json:"rtt_seconds"`    // p50 of GET /health

	// Borrowed: the server was there before the run, so it may have answered anything before, an earlier run's requests among it.
	Borrowed  bool        `json:"borrowed,omitempty"`
	Power     PowerSource `json:"power"`
	Simulated bool        `json:"simulated"`
	Clock     ServerClock `json:"clock"`
}

// Trust is whom a client takes for a server that it speaks to by https, beside those whom this system's authorities vouch for.
type Trust struct {
	CAFile   string `json:"ca_file,omitempty"`  // PEM: a further authority
	Insecure bool   `json:"insecure,omitempty"` // anyone: nothing is verified
}

// DeviceGPU is one GPU of a server, as nvidia-smi -L names it.
type DeviceGPU struct {
	Index int    `json:"index"`
	UUID  string `json:"uuid"`
	Name  string `json:"name"`
}

// PowerSource says where readings of the endpoint's power come from.
type PowerSource struct {
	Kind string `json:"kind"`          // "simulator", "nvidia-smi" or "" (none)
	URL  string `json:"url,omitempty"` // simulator: where its series is served
	// Devices are the GPUs to read, as nvidia-smi -i takes them; empty: all.
	Devices []string `json:"devices,omitempty"`
}

// ServerClock is the clock that all times of a measurement are told in. A real server has the zero value: the wall clock. A simulated one
// runs Speed simulated seconds a second, from the epoch at which simulated and wall clock agreed.
type ServerClock struct {
	Speed       float64 `json:"speed,omitempty"`
	EpochUnixNS int64   `json:"epoch_unix_ns,omitempty"`
}

// Clock reads the time of a measurement: nanoseconds on one monotonic clock, and the same moment as wall time.
type Clock struct {
	now    func() time.Time
	start  time.Time // reading at NewClock, with its monotonic part
	origin int64     // the server clock's unix ns at start
	speed  float64
}

// NewClock returns a clock that starts now and ticks as the endpoint's server does.
func NewClock(now func() time.Time, server ServerClock) *Clock {
	c := &Clock{now: now, start: now(), speed: server.Speed}
	c.origin = c.start.UnixNano()
	if c.speed == 0 {
		c.speed = 1
	}
	if c.speed != 1 {
		c.origin = server.EpochUnixNS + int64(float64(c.origin-server.EpochUnixNS)*c.speed)
	}
	return c
}

// NowNS returns the nanoseconds since the clock's start, in the server's seconds.
func (c *Clock) NowNS() int64 {
	wall := c.now().Sub(c.start)
	if c.speed == 1 {
		return int64(wall)
	}
	return int64(float64(wall) * c.speed)
}

// UnixNS returns the server clock's unix time at ns nanoseconds after the start.
func (c *Clock) UnixNS(ns int64) int64 { return c.origin + ns }

// Wall turns a span of the server's seconds into one of this machine's, for timers.
func (c *Clock) Wall(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.speed)
}
