package power_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/power"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// simulated serves the power of one GPU of 200 W, 1 s of it more at each call.
func simulated(t *testing.T, begin int64) (stage.Endpoint, *atomic.Int64) {
	t.Helper()
	calls := &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/series" {
			http.NotFound(w, r)
			return
		}
		from, _ := strconv.ParseInt(r.FormValue("from_unix_ns"), 10, 64)
		to, _ := strconv.ParseInt(r.FormValue("to_unix_ns"), 10, 64)
		until := begin + calls.Add(1)*1e9
		for ts := begin; ts <= min(to, until); ts += 1e8 {
			if ts >= from {
				fmt.Fprintf(w, `{"t_unix_ns":%d,"gpu_index":0,"gpu_uuid":"GPU-s","power_avg_w":190,"power_instant_w":200,"energy_j":%f,"gpu_util":95,"mem_util":40,"mem_used_bytes":7,"temp_c":50,"sm_clock_hz":1e9}`+"\n",
					ts, 200*float64(ts-begin)/1e9)
			}
		}
	}))
	t.Cleanup(server.Close)
	return stage.Endpoint{Simulated: true, GPUs: []stage.DeviceGPU{{UUID: "GPU-s"}}, Power: stage.PowerSource{Kind: "simulator", URL: server.URL + "/series"}, Clock: stage.ServerClock{Speed: 10}}, calls
}

func TestSimulatorIsAskedUntilItsClockIsThere(t *testing.T) {
	const begin = int64(1_700_000_000_000_000_000)
	at, calls := simulated(t, begin)
	task := newTask(t, at, 1, `{"pad":"500ms","required":true}`, begin+1e9, begin+3e9)
	if err := power.New(power.Config{}).Run(t.Context(), simtest.Env(), task); err != nil {
		t.Fatal(err)
	}
	record, rows := results(t, task)
	if record.Result.Method != energy.Counter || math.Abs(*record.Result.Joules-400) > 1e-3 {
		t.Errorf("%+v", record.Result)
	}
	if calls.Load() < 4 {
		t.Errorf("asked %d times; the window and its pad are over in the 4th answer", calls.Load())
	}
	if r := rows[0]; *r.GPUUtil != 0.95 || *r.InstantWatts != 200 || r.PowerKind != "avg1s" || r.Source != "simulator" || rows[1].Seq != 1 {
		t.Errorf("first row is %+v", r)
	}
	if diff := cmp.Diff([]string{"GPU-s"}, record.Query.UUIDs); diff != "" {
		t.Error(diff)
	}
}

func TestSimulatorTrouble(t *testing.T) {
	cases := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"an error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }, "500 Internal Server Error"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "invalid character '<'"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			at := stage.Endpoint{Power: stage.PowerSource{Kind: "simulator", URL: server.URL + "/series"}}
			task := newTask(t, at, 1, `{}`, 1e9, 2e9)
			if err := power.New(power.Config{}).Run(t.Context(), simtest.Env(), task); err != nil {
				t.Fatal(err)
			}
			record, _ := results(t, task)
			if !strings.Contains(record.Problem, c.want) || record.Result.Valid {
				t.Errorf("got %+v", record)
			}
		})
	}
}
