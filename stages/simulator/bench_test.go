package simulator_test

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// These report by how much wall time chunks were written before or behind the time that the model gives them, client and server on one
// machine. Whatever else runs there is in the figures: on a busy machine give the compiled test a real-time priority (chrt -r 10).

// metronome makes every step last 20 ms, whatever is in it.
var metronome = hardware.Profile{Name: "metronome", HostSeconds: 0.020}

// BenchmarkTimingTruth streams to 256 clients, a chunk every 20 ms to each: 12,800 chunks/s, all of a step due at one instant.
func BenchmarkTimingTruth(b *testing.B) {
	for b.Loop() {
		r := start(b, simulator.Config{Speed: 1, ProfileSpec: &metronome})
		fanOut(b, r, 256, 200)
		reportError(b, r)
	}
}

// BenchmarkPaced streams to 128 clients at several speeds.
func BenchmarkPaced(b *testing.B) {
	for _, speed := range []float64{1, 2, 5} {
		b.Run(fmt.Sprintf("speed=%v", speed), func(b *testing.B) {
			for b.Loop() {
				r := start(b, simulator.Config{Speed: speed, ExactPower: true})
				began := time.Now()
				chunks := fanOut(b, r, 128, 200*int(speed))
				b.ReportMetric(float64(chunks)/time.Since(began).Seconds(), "chunks/s")
				reportError(b, r)
			}
		})
	}
}

// BenchmarkUnpaced streams to 64 clients as fast as it goes.
func BenchmarkUnpaced(b *testing.B) {
	for b.Loop() {
		r := start(b, simulator.Config{Speed: 1e4})
		began := time.Now()
		chunks := fanOut(b, r, 64, 2000)
		b.ReportMetric(float64(chunks)/time.Since(began).Seconds(), "chunks/s")
	}
}

// fanOut streams to `clients` at once and returns the number of events. It
// reads as cheaply as it can: the two share the machine.
func fanOut(b *testing.B, r *running, clients, tokens int) int {
	mark := []byte("data: ")
	var wg sync.WaitGroup
	var events atomic.Int64
	for i := range clients {
		wg.Go(func() {
			body := r.do(b, "POST", "/v1/chat/completions", chat(100+i, tokens, "")).Body
			buf := make([]byte, 64<<10)
			kept := 0 // bytes at the end of the last read that may begin a mark
			for {
				n, err := body.Read(buf[kept:])
				text := buf[:kept+n]
				events.Add(int64(bytes.Count(text, mark)))
				kept = copy(buf, text[max(0, len(text)-len(mark)+1):])
				if err != nil {
					break
				}
			}
		})
	}
	wg.Wait()
	if got, want := int(events.Load()), clients*(tokens+4); got != want {
		b.Fatalf("%d events, want %d", got, want)
	}
	return clients * tokens
}

// BenchmarkTimers has one stream, so that what is late is the clock's fault.
func BenchmarkTimers(b *testing.B) {
	for _, speed := range []float64{1, 10} {
		b.Run(fmt.Sprintf("speed=%v", speed), func(b *testing.B) {
			for b.Loop() {
				r := start(b, simulator.Config{Speed: speed})
				fanOut(b, r, 1, 200*int(speed))
				reportError(b, r)
			}
		})
	}
}

func reportError(b *testing.B, r *running) {
	info := r.Info()
	b.ReportMetric(info.LagP50MS*1e3, "error-p50-us")
	b.ReportMetric(info.LagP99MS*1e3, "error-p99-us")
}
