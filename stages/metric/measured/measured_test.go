package measured_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReadLoad(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, measured.LoadFile, `{"epoch_unix_ns":1000,"window_start_ns":5,"window_end_ns":25,"simulated":true,"shared_prefix":7,"endpoint":{"engine":"vllm"}}`)
	load, err := measured.ReadLoad(dir)
	if err != nil {
		t.Fatal(err)
	}
	if load.FromUnixNS() != 1005 || load.ToUnixNS() != 1025 || !load.Simulated || load.SharedPrefix != 7 || load.Endpoint.Engine != "vllm" {
		t.Errorf("got %+v", load)
	}
}

func TestWindowComesFromTheRequestsWithoutLoadFile(t *testing.T) {
	dir := t.TempDir()
	rows := []table.Request{
		{Status: "dropped", TSend: 0, TDone: 0},
		{EpochUnixNS: 1000, Status: "ok", TSend: 30, TDone: 60},
		{EpochUnixNS: 1000, Status: "timeout", TSend: 20, TDone: 90},
	}
	if err := table.Write(filepath.Join(dir, measured.RequestsFile), rows, nil); err != nil {
		t.Fatal(err)
	}
	got, err := measured.ReadLoad(dir)
	if diff := cmp.Diff(measured.Load{EpochUnixNS: 1000, WindowStartNS: 20, WindowEndNS: 90}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	torn, empty := t.TempDir(), t.TempDir()
	put(t, torn, measured.LoadFile, `{"epoch`)
	put(t, torn, measured.PowerFile, `{"source`)
	_, loadErr := measured.ReadLoad(torn)
	_, powerErr := measured.ReadPower(torn)
	_, missing := measured.ReadLoad(empty)
	for want, err := range map[string]error{"load.json": loadErr, "power.json": powerErr, "find the window of the load": missing} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
