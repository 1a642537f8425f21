// Package startup reads the log of a server that did not come up and says why.
//
// Its invariant: the reason is that of the root cause, which engines print long before their last words. A line that only tells that
// something else has failed ("Engine core initialization failed. See root cause above.") is the reason only if nothing else is.
package startup

import (
	"regexp"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Reason is a code for tables: why a server did not start.
type Reason string

// The reasons. Timeout is also what the deploy kind calls a start that took too long and said nothing.
const (
	GPUMemoryBusy   Reason = "gpu_memory_busy"
	KVCacheTooSmall Reason = "kv_cache_too_small"
	CUDAOOM         Reason = "cuda_oom"
	HostOOM         Reason = "host_oom"
	ModelGated      Reason = "model_gated"
	ModelMissing    Reason = "model_missing"
	RevisionMissing Reason = "revision_missing"
	PortInUse       Reason = "port_in_use"
	BadFlag         Reason = "bad_flag"
	EngineDead      Reason = "engine_dead"
	Driver          Reason = "driver"
	Capacity        Reason = "capacity"
	ImagePull       Reason = "image_pull"
	Timeout         Reason = "timeout"
)

// Reasons returns all reasons, in the order of their names.
func Reasons() []Reason {
	var all []Reason
	for _, known := range [][]cause{rootCauses, consequences} {
		for _, c := range known {
			all = append(all, c.reason)
		}
	}
	slices.Sort(all)
	return all
}

// Advice is what to do about it, as an imperative.
func (r Reason) Advice() string {
	for _, known := range [][]cause{rootCauses, consequences} {
		for _, c := range known {
			if c.reason == r {
				return c.advice
			}
		}
	}
	return ""
}

// Failure is what a log says of a failed start.
type Failure struct {
	Reason Reason
	Class  stage.ErrorClass // whether the same start may succeed later
	Lines  []string         // the root cause as the server wrote it, without log prefixes; one or two lines
	Advice string           // what to do, as an imperative
}

// Error is the reason, the root cause and the advice in one line.
func (f Failure) Error() string {
	return string(f.Reason) + ": " + strings.Join(f.Lines, " ") + " — " + f.Advice
}

// cause is one known cause and the lines that betray it.
type cause struct {
	reason  Reason
	class   stage.ErrorClass
	advice  string
	matches *regexp.Regexp
}

// mostLine bounds how much of a log line an error repeats, in bytes.
const mostLine = 400

// Classify finds the earliest line that names a root cause. Lines are oldest first. False means that no line is known to name one.
func Classify(lines []string) (Failure, bool) {
	for _, known := range [][]cause{rootCauses, consequences} {
		for i, line := range lines {
			if quiet.MatchString(line) {
				continue
			}
			for _, c := range known {
				if c.matches.MatchString(line) {
					return Failure{c.reason, c.class, quote(lines, i), c.advice}, true
				}
			}
		}
	}
	return Failure{}, false
}

// quote is the line at i as an error shows it. An exception's text may go on in the next line, which then has no indent and no end.
func quote(lines []string, i int) []string {
	first := Plain(lines[i])
	if !strings.HasSuffix(first, ":") || i+1 == len(lines) {
		return []string{first}
	}
	return []string{first, Plain(lines[i+1])}
}

// quiet are lines that vLLM and SGLang themselves call harmless, such as "Port 8000 is already in use, trying port 8001".
var quiet = regexp.MustCompile(`^(\(\w+( pid=\d+)?\)\s*)?(DEBUG|INFO|WARNING):?\s+\d\d-\d\d `)

// prefixes are what engines put before a message: the process, the level with date and time, the place in the source.
var prefixes = regexp.MustCompile(`^(\([A-Za-z_0-9]+( pid=\d+)?\)\s*)?((DEBUG|INFO|WARNING|ERROR|CRITICAL):?\s+)?` +
	`(\d\d(\d\d)?-\d\d(-\d\d)?[ T]\d\d:\d\d:\d\d[.,0-9]*\s*)?(\[?[\w./ ]+:\d+\]\s*)?`)

// Plain is a log line without its prefix, cut to a length that fits in an error.
func Plain(line string) string {
	line = strings.TrimSpace(line)
	line = strings.TrimSpace(strings.TrimPrefix(line, prefixes.FindString(line)))
	if len(line) > mostLine {
		line = strings.ToValidUTF8(line[:mostLine], "") + "…"
	}
	return line
}
