//go:build unix

package engine_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

// BenchmarkTokens counts what a CPU second of the engine alone simulates: tokens, which bound the users that a server can have at a speed, and
// seconds of the model's time. It counts CPU time, so that other work on the machine does not show.
func BenchmarkTokens(b *testing.B) {
	for _, c := range []struct {
		name   string
		users  int
		prefix bool
		blocks int // 0: what the GPU has room for
	}{
		{"users=16", 16, false, 0},
		{"users=256", 256, false, 0},
		{"users=256/prefix-cache", 256, true, 0},
		{"users=256/preemption", 256, false, 8000},
	} {
		b.Run(c.name, func(b *testing.B) {
			blocks := make([]uint64, 1024/engine.BlockTokens)
			for i := range blocks {
				blocks[i] = uint64(i + 1)
			}
			tokens, simulated, cpu := 0, time.Duration(0), time.Duration(0)
			for b.Loop() {
				e := setup{edit: func(cfg *engine.Config) {
					cfg.PrefixCache, cfg.KVCapacityTokens = c.prefix, c.blocks*engine.BlockTokens
				}}.engine(b)
				began := cpuTime(b)
				requests := closedLoop(b, e, c.users, 16*c.users, 1024, 256, blocks)
				cpu += cpuTime(b) - began
				simulated += e.Now()
				tokens += len(requests) * 256
			}
			b.ReportMetric(float64(tokens)/cpu.Seconds(), "tokens/cpu-s")
			b.ReportMetric(simulated.Seconds()/cpu.Seconds(), "simulated-s/cpu-s")
		})
	}
}

// cpuTime is what the process has used of all CPUs.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(fmt.Errorf("read the CPU time: %w", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
