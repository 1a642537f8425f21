//go:build accuracy

package load_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/client/nullserver/controltest"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// The next request of a user leaves with the answer to its last: but for 5 %, all are in flight all the time.
// A client that waits between requests never reaches that.
func TestAccuracyUsersStayInFlight(t *testing.T) {
	const users = 16
	controltest.Judge(t, func() (found controltest.Finding) {
		_, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline"})
		task := task(t, endpoint, cell(users))
		if err := load.New().Run(t.Context(), environment(), task); err != nil {
			t.Fatal(err)
		}
		inFlight := concurrency(rows(t, task.Dir))
		t.Logf("%.2f requests in flight for %d users", inFlight, users)
		if inFlight < .95*users {
			found.Off = fmt.Sprintf("%.2f requests in flight for %d users", inFlight, users)
		}
		return found
	})
}

// The client's times agree with those that the server stamped itself when it wrote the tokens, with 128
// users, server and client sharing this machine. They are held request by request: equal medians of two
// crowds would prove little. Users begin spread over the length of an answer, as in a load that has been
// running for a while: 128 requests of one moment would measure their queue for the two cores.
func TestAccuracyTimesAreTheServers(t *testing.T) {
	const bound = 2.0 // ms
	controltest.Judge(t, func() (found controltest.Finding) {
		for name, off := range differences(t) {
			p50, p99 := off[len(off)/2], off[len(off)*99/100]
			t.Logf("%s: client and server differ by %.3f ms at p50, %.3f ms at p99 (n = %d)", name, p50, p99, len(off))
			if p50 > bound {
				found.Off += fmt.Sprintf("%s: they differ by %.3f ms at p50, want at most %g ms; ", name, p50, bound)
			}
		}
		return found
	})
}

// differences measures one load and returns by how many ms the client's times of each request are off the
// server's, ascending.
func differences(t *testing.T) map[string][]float64 {
	t.Helper()
	const users = 128
	server, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "graphs"})
	cfg := cell(users)
	cfg.Workload.ISL, cfg.Workload.OSL, cfg.Workload.Requests = length.Of(256), length.Of(64), 3*users
	cfg.Workload.Ramp = stage.Duration(1500 * time.Millisecond)
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	stamped := map[string]simulator.RequestRecord{}
	for _, record := range server.Requests() {
		stamped[record.XRequestID] = record
	}
	off := map[string][]float64{}
	for _, r := range rows(t, task.Dir) {
		record, ok := stamped[r.ID]
		if r.Status != "ok" || !ok || record.CompletionTokens != 64 {
			t.Fatalf("row %+v, record %+v", r, record)
		}
		off["ttft"] = append(off["ttft"], math.Abs(float64(*r.TFirstToken-r.TSend-(record.FirstTokenWriteNS-record.ArrivalNS))/1e6))
		off["tpot"] = append(off["tpot"], math.Abs(float64(*r.TLastToken-*r.TFirstToken-(record.LastTokenWriteNS-record.FirstTokenWriteNS))/63/1e6))
	}
	slices.Sort(off["ttft"])
	slices.Sort(off["tpot"])
	return off
}
