package smi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

var board = smi.Board{
	At: time.Date(2026, 11, 23, 18, 4, 59, 123_999_999, time.UTC), Index: 1, UUID: "GPU-5b8b6a2c-0f6e-4c3a-9d1f-2c7e8a9b0c1d", Name: "NVIDIA H100 80GB HBM3",
	AverageWatts: 412.346, InstantWatts: 70, LimitWatts: 700, GPUUtil: 97, MemUtil: 41, MemUsedBytes: 70_321 << 20, MemBytes: 81_559 << 20,
	TemperatureC: 61, SMClockHz: 1980e6,
}

// sampler is what stage fetch-power asks for.
const sampler = "--query-gpu=timestamp,index,uuid,power.draw.average,power.draw.instant,utilization.gpu,utilization.memory,memory.used,temperature.gpu,clocks.sm"

// The lines are those of the program on an H100 with driver 550.
func TestRows(t *testing.T) {
	for _, tc := range []struct {
		name, args    string
		change        func(*smi.Board)
		heading, want string
		period        time.Duration
	}{
		{
			name: "as fetch-power asks", args: sampler + " --format=csv,noheader,nounits -lms 100", period: 100 * time.Millisecond,
			want: "2026/11/23 18:04:59.123, 1, GPU-5b8b6a2c-0f6e-4c3a-9d1f-2c7e8a9b0c1d, 412.35, 70.00, 97, 41, 70321, 61, 1980\n",
		},
		{
			name: "with headings and units", args: sampler + " --format=csv",
			heading: "timestamp, index, uuid, power.draw.average [W], power.draw.instant [W], utilization.gpu [%], utilization.memory [%], memory.used [MiB], temperature.gpu, clocks.current.sm [MHz]\n",
			want:    "2026/11/23 18:04:59.123, 1, GPU-5b8b6a2c-0f6e-4c3a-9d1f-2c7e8a9b0c1d, 412.35 W, 70.00 W, 97 %, 41 %, 70321 MiB, 61, 1980 MHz\n",
		},
		{
			name: "headings have units even where rows have none", args: "--query-gpu=index,power.draw --format=csv,nounits", heading: "index, power.draw [W]\n", want: "1, 412.35\n",
		},
		{
			name: "power under MIG", args: "--query-gpu=index,power.draw,power.draw.instant,power.limit --format=csv,noheader",
			change: func(b *smi.Board) { b.NotAvailable = true }, want: "1, [N/A], [N/A], 700.00 W\n",
		},
		{
			name: "what the first benchmark of this project asked", args: "--query-gpu=index,power.draw,temperature.gpu,utilization.gpu,utilization.memory,memory.used --format=csv,noheader,nounits",
			want: "1, 412.35, 61, 97, 41, 70321\n",
		},
		{
			name: "other names", args: "--query-gpu=gpu_name,gpu_uuid,clocks.gr,memory.total,memory.free,mig.mode.current --format=csv -l 2", period: 2 * time.Second,
			heading: "name, uuid, clocks.current.graphics [MHz], memory.total [MiB], memory.free [MiB], mig.mode.current\n",
			want:    "NVIDIA H100 80GB HBM3, GPU-5b8b6a2c-0f6e-4c3a-9d1f-2c7e8a9b0c1d, 1980 MHz, 81559 MiB, 11238 MiB, Disabled\n",
		},
		{
			name: "values apart", args: "--query-gpu name --format csv,noheader --loop-ms=20", want: "NVIDIA H100 80GB HBM3\n", period: 20 * time.Millisecond,
		},
		{
			name: "list", args: "-L", want: "GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-5b8b6a2c-0f6e-4c3a-9d1f-2c7e8a9b0c1d)\n",
		},
		{
			name: "another zone", args: "--query-gpu=timestamp --format=csv,noheader",
			change: func(b *smi.Board) { b.At = b.At.In(time.FixedZone("", 2*3600)) }, want: "2026/11/23 20:04:59.123\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, err := smi.Parse(strings.Fields(tc.args), smi.DefaultDriver)
			if err != nil {
				t.Fatal(err)
			}
			b := board
			if tc.change != nil {
				tc.change(&b)
			}
			if diff := cmp.Diff([]string{tc.heading, tc.want}, []string{q.Heading(), q.Row(b)}); diff != "" || q.Period != tc.period {
				t.Errorf("period %v, heading and row (-want +got):\n%s", q.Period, diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name, args string
		driver     int
		want       string
	}{
		{"unknown field", "--query-gpu=index,power.drawn --format=csv", 550, "Field \"power.drawn\" is not a valid field to query.\n\n"},
		{"older driver", sampler + " --format=csv,noheader,nounits -lms 100", 525, "Field \"power.draw.average\" is not a valid field to query.\n\n"},
		{"no format", "--query-gpu=index", 550, "\"--format=\" switch is missing. Please run 'nvidia-smi -h' for help.\n\n"},
		{"another format", "--query-gpu=index --format=json", 550, "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n\n"},
		{"nothing to do", "--format=csv", 550, "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n\n"},
		{"unknown option", "--query-gpu=index --format=csv -lms100", 550, "ERROR: Option -lms100 is not recognized. Please run 'nvidia-smi -h' for help.\n\n"},
		{"option with a value", "-format=csv", 550, "ERROR: Option -format=csv is not recognized. Please run 'nvidia-smi -h' for help.\n\n"},
		{"no value", "--query-gpu=index --format=csv -lms", 550, "ERROR: Option -lms is missing its value. Please run 'nvidia-smi -h' for help.\n\n"},
		{"no number", "--query-gpu=index --format=csv -l fast", 550, "ERROR: Option -l has an invalid value: fast. Please run 'nvidia-smi -h' for help.\n\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := smi.Parse(strings.Fields(tc.args), tc.driver)
			var refused *smi.Refusal
			if !errors.As(err, &refused) || refused.Code != smi.ExitInvalid {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tc.want, refused.Text); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWants(t *testing.T) {
	for args, want := range map[string]bool{
		"":                    true,
		" -i 1":               true,
		" -i 0":               false,
		" --id=0,1":           true,
		" -i GPU-other":       false,
		" -i 7," + board.UUID: true,
	} {
		q, err := smi.Parse(strings.Fields("--query-gpu=index --format=csv"+args), smi.DefaultDriver)
		if err != nil || q.Wants(board) != want {
			t.Errorf("%q: %v, want %v (%v)", args, !want, want, err)
		}
	}
}
