package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/simulator/failure"
	"github.com/strangeloopio/inferencex/stages/simulator/openai"
	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds. The first strikes the server's start, the next ones a request; the last of those takes the server with it.
const (
	FaultStartup        FaultKind = "startup"         // the server dies when it would be ready
	FaultHTTP429        FaultKind = "http_429"        // refused with 429
	FaultHTTP500        FaultKind = "http_500"        // refused with 500
	FaultStreamError    FaultKind = "stream_error"    // an error object inside the stream
	FaultStreamTruncate FaultKind = "stream_truncate" // the connection breaks
	FaultStall          FaultKind = "stall"           // nothing comes for a while
	FaultSlowRead       FaultKind = "slow_read"       // the server takes the request in slowly
	FaultSlowWrite      FaultKind = "slow_write"      // the answer trickles out, torn anywhere
	FaultDie            FaultKind = "die"             // the whole server dies

	// What goes wrong with the power readings, and with nothing else.
	FaultPowerGap          = FaultKind(sensor.Gap)
	FaultPowerNotAvailable = FaultKind(sensor.NotAvailable)
	FaultPowerCounterReset = FaultKind(sensor.CounterReset)
	FaultPowerForeignGPU   = FaultKind(sensor.ForeignGPU)
	FaultPowerClock        = FaultKind(sensor.ClockOffset)
	FaultPowerTornRow      = FaultKind(sensor.TornRow)
)

// Serve ends with one of these after a fault.
var (
	ErrDied    = errors.New("the simulated server died")
	ErrStartup = errors.New("the simulated server did not start")
)

// Fault is something that goes wrong on demand. Which settings a kind has is in its settings; all spans are of simulated time.
type Fault struct {
	Kind           FaultKind `json:"kind"`
	Class          string    `json:"class"`            // of a failed start: one of failure.Classes; default cuda_oom
	Count          int       `json:"count"`            // how many requests it strikes, or rows it tears; default 1
	AfterRequests  int       `json:"after_requests"`   // requests for an answer that come first, unharmed
	AfterChunks    int       `json:"after_chunks"`     // chunks of text that come through first
	StallSeconds   float64   `json:"stall_seconds"`    // 0: until the client leaves
	BytesPerSecond float64   `json:"bytes_per_second"` // of the slow ones; default 1000
	Message        string    `json:"message"`          // default: one that vLLM gives in such a case
	AfterSeconds   float64   `json:"after_seconds"`    // of power: when it begins, after those requests or after it was set
	Seconds        float64   `json:"seconds"`          // of power: how long it lasts; 0: to the end
	GPU            *int      `json:"gpu"`              // of power: the one it concerns; default all
	Devices        int       `json:"devices"`          // foreign GPUs; default 1
	OffsetSeconds  float64   `json:"offset_seconds"`   // by which the clock of the sampled host is ahead; below zero: behind
}

// FaultSettings are what a fault of each kind may be given.
func FaultSettings() map[FaultKind][]string {
	return map[FaultKind][]string{
		FaultStartup:        {"class", "message"},
		FaultHTTP429:        {"count", "after_requests", "message"},
		FaultHTTP500:        {"count", "after_requests", "message"},
		FaultStreamError:    {"count", "after_requests", "after_chunks", "message"},
		FaultStreamTruncate: {"count", "after_requests", "after_chunks"},
		FaultStall:          {"count", "after_requests", "after_chunks", "stall_seconds"},
		FaultSlowRead:       {"count", "after_requests", "bytes_per_second"},
		FaultSlowWrite:      {"count", "after_requests", "bytes_per_second"},
		FaultDie:            {"after_requests", "after_chunks"},

		FaultPowerGap:          {"after_requests", "after_seconds", "seconds", "gpu"},
		FaultPowerNotAvailable: {"after_requests", "after_seconds", "seconds", "gpu"},
		FaultPowerCounterReset: {"after_requests", "after_seconds", "gpu"},
		FaultPowerForeignGPU:   {"after_requests", "after_seconds", "seconds", "devices"},
		FaultPowerClock:        {"after_requests", "after_seconds", "seconds", "offset_seconds"},
		FaultPowerTornRow:      {"after_requests", "after_seconds", "count"},
	}
}

// FaultKinds returns the kinds in the order of their names.
func FaultKinds() []string {
	var names []string
	for _, kind := range slices.Sorted(maps.Keys(FaultSettings())) {
		names = append(names, string(kind))
	}
	return names
}

// defaultBytesPerSecond is slow enough for a prompt of a thousand tokens to take seconds.
const defaultBytesPerSecond = 1000

// UnmarshalJSON reads a fault and refuses what its kind has no use for: a misspelt setting would have an effect that nobody asked for.
func (f *Fault) UnmarshalJSON(text []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(text, &given); err != nil {
		return fmt.Errorf(`a fault is an object such as {"kind":"stall"}: %w`, err)
	}
	type plain Fault
	var read plain
	var mistyped *json.UnmarshalTypeError
	switch err := json.Unmarshal(text, &read); {
	case errors.As(err, &mistyped):
		return fmt.Errorf("fault: %s is a %s, want a %s", mistyped.Field, mistyped.Value, inWords(mistyped.Type.Kind()))
	case err != nil:
		return fmt.Errorf("fault: %w", err)
	}
	*f = Fault(read)
	known, ok := FaultSettings()[f.Kind]
	if !ok {
		return f.unknownKind()
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != "kind" && string(given[name]) != "null" && !slices.Contains(known, name) {
			return fmt.Errorf("fault %s has no %q%s", f.Kind, name, block.Hint(name, known))
		}
	}
	return f.check()
}

// inWords is the kind of a setting as its writer knows it.
func inWords(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "string"
	case reflect.Int:
		return "whole number"
	default:
		return "number"
	}
}

func (f Fault) unknownKind() error {
	if f.Kind == "" {
		return fmt.Errorf("a fault needs a kind: one of %s", strings.Join(FaultKinds(), ", "))
	}
	return fmt.Errorf("unknown fault %q%s", f.Kind, suggest(string(f.Kind), FaultKinds()))
}

// suggest ends a message about an unknown name: with the one that was meant, or with all that there are.
func suggest(given string, names []string) string {
	if near := block.Suggest(given, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ": there is " + strings.Join(names, ", ")
}

func (f Fault) check() error {
	if _, ok := FaultSettings()[f.Kind]; !ok {
		return f.unknownKind()
	}
	for _, s := range []struct {
		name  string
		value float64
	}{
		{"count", float64(f.Count)},
		{"after_requests", float64(f.AfterRequests)},
		{"after_chunks", float64(f.AfterChunks)},
		{"stall_seconds", f.StallSeconds},
		{"bytes_per_second", f.BytesPerSecond},
		{"after_seconds", f.AfterSeconds},
		{"seconds", f.Seconds},
		{"devices", float64(f.Devices)},
	} {
		if s.value < 0 {
			return fmt.Errorf("fault %s: %s is %v: it must not be negative", f.Kind, s.name, s.value)
		}
	}
	if f.Kind == FaultPowerClock && f.OffsetSeconds == 0 {
		return fmt.Errorf("fault %s: offset_seconds is missing: by how much the clock is ahead, or behind if below zero", f.Kind)
	}
	if f.Class != "" && !slices.Contains(failure.Classes(), f.Class) {
		return fmt.Errorf("fault startup: unknown class %q%s", f.Class, suggest(f.Class, failure.Classes()))
	}
	return nil
}

// apiError is how a client is told.
func (f Fault) apiError() *openai.Error {
	status, message := http.StatusInternalServerError, "EngineCore encountered an issue. See stack trace (above) for the root cause."
	if f.Kind == FaultHTTP429 {
		status, message = http.StatusTooManyRequests, "Too many requests, please try again later."
	}
	if f.Message != "" {
		message = f.Message
	}
	return openai.NewError(status, "", message)
}
