//go:build linux

package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/strangeloopio/inferencex/stages/client/nullserver"
)

// TestMain lets this binary be the processes that the benchmarks start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch role, args := os.Args[1], os.Args[2:]; role {
		case "null-server":
			os.Exit(nullserver.Main(os.Stdin, os.Stdout, os.Stderr))
		case "client":
			os.Exit(clientMain(args))
		}
	}
	os.Exit(m.Run())
}

// point is a load on the null server.
type point struct {
	Streams int           // in flight at once
	Rounds  int           // answers of each stream, one after the other
	Tokens  int           // of each answer
	TTFT    time.Duration // from request to first token
	Gap     time.Duration // from token to token; where this and TTFT are 0, tokens come as fast as they are read
	Ramp    time.Duration // over how long the streams begin
}

func (p point) order() nullserver.Order {
	return nullserver.Order{TTFTMicros: p.TTFT.Microseconds(), GapMicros: p.Gap.Microseconds(), Stamp: true}
}

// paced is the load that clients are compared under: 100 ms to the first token and 20 ms from token to token, streams spread over an answer's length.
func paced(streams int) point {
	return point{Streams: streams, Rounds: 3, Tokens: 100, TTFT: 100 * time.Millisecond, Gap: 20 * time.Millisecond, Ramp: 2 * time.Second}
}

// report is what a client's process tells of its load.
type report struct {
	nullserver.Figures
	FirstRound float64 // the time to the first token that the client adds to each stream's first answer, mean seconds
	CPUSeconds float64 // of the process, for the load alone
	PeakBytes  float64 // of memory, of the process
}

// BenchmarkPaced has a client on one processor read paced streams that a server on another one stamps as it writes them. The reference, net/http with
// bufio and encoding/json, has the same load beside it. Times are in milliseconds.
func BenchmarkPaced(b *testing.B) {
	for _, streams := range []int{16, 128, 512, 1024, 2048} {
		b.Run(strconv.Itoa(streams), func(b *testing.B) {
			for b.Loop() {
				ours, plain := run(b, "ours", paced(streams)), run(b, "plain", paced(streams))
				b.ReportMetric(1e3*ours.TTFTError, "ttft-error-ms")
				b.ReportMetric(1e3*ours.FirstRound, "first-wave-ttft-error-ms")
				b.ReportMetric(1e3*ours.LagP50, "lag-p50-ms")
				b.ReportMetric(1e3*ours.LagP99, "lag-p99-ms")
				b.ReportMetric(1e3*ours.GapP50, "gap-p50-ms")
				b.ReportMetric(1e3*ours.GapP99, "gap-p99-ms")
				b.ReportMetric(1e6*ours.CPUSeconds/float64(ours.Tokens), "cpu-us/chunk")
				b.ReportMetric(ours.PeakBytes/1e6, "peak-MB")
				b.ReportMetric(1e3*plain.TTFTError, "plain-ttft-error-ms")
				b.ReportMetric(1e3*plain.LagP99, "plain-lag-p99-ms")
				b.ReportMetric(1e3*plain.GapP99, "plain-gap-p99-ms")
				b.ReportMetric(ours.CPUSeconds/plain.CPUSeconds, "cpu/plain")
			}
		})
	}
}

// BenchmarkUnpaced has both clients read as fast as they can on one processor.
func BenchmarkUnpaced(b *testing.B) {
	p := point{Streams: 16, Rounds: 4, Tokens: 20_000}
	for b.Loop() {
		ours, plain := run(b, "ours", p), run(b, "plain", p)
		rate, reference := float64(ours.Tokens)/ours.CPUSeconds, float64(plain.Tokens)/plain.CPUSeconds
		b.ReportMetric(rate, "chunks/cpu-s")
		b.ReportMetric(reference, "plain-chunks/cpu-s")
		b.ReportMetric(rate/reference, "times-plain")
	}
}

// run has a client in a process of its own on the first processor take the load, from a server in another one on the second.
func run(b *testing.B, client string, p point) report {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		b.Fatal(err)
	}
	var server *nullserver.Child
	pinned(1%runtime.NumCPU(), func() { server, err = nullserver.Start(context.Background(), self, "null-server") })
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			b.Error(err)
		}
	}()
	cmd := exec.Command(self, "client", client, server.URL, string(text))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	pinned(0, func() { err = cmd.Run() })
	var r report
	if err == nil {
		err = json.Unmarshal(stdout.Bytes(), &r)
	}
	if err != nil {
		b.Fatalf("%s client: %v\n%s", client, err, stderr.String())
	}
	return r
}

// pinned runs f on a thread that is bound to one processor, as is what f starts.
func pinned(cpu int, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		var set unix.CPUSet
		set.Set(cpu)
		_ = unix.SchedSetaffinity(0, &set) // without it the figures are of a larger machine
		f()
	}()
	<-done
}

// clientMain is a client's process: its name, the server's URL and the point are its arguments.
func clientMain(args []string) int {
	var p point
	if err := json.Unmarshal([]byte(args[2]), &p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	asks := map[string]func(string, point) (asker, error){"ours": ours, "plain": plain}
	r, err := take(args[1], p, asks[args[0]])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func take(url string, p point, newAsker func(string, point) (asker, error)) (report, error) {
	ask, err := newAsker(url, p)
	if err != nil {
		return report{}, err
	}
	before := cpuSeconds()
	answers, err := load(p, ask)
	r := report{CPUSeconds: cpuSeconds() - before, PeakBytes: peakBytes()}
	if err != nil {
		return r, err
	}
	records, err := nullserver.Records(context.Background(), url)
	if err != nil {
		return r, err
	}
	var first []nullserver.Answer
	for i := 0; i < len(answers); i += p.Rounds {
		first = append(first, answers[i])
	}
	figures, err := nullserver.Compare(first, records)
	if err != nil {
		return r, err
	}
	r.FirstRound = figures.TTFTError
	r.Figures, err = nullserver.Compare(answers, records)
	return r, err
}

func cpuSeconds() float64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// peakBytes is the most memory that the process has had.
func peakBytes() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	kib, _ := strconv.ParseFloat(strings.Fields(line)[0], 64)
	return kib * 1024
}
