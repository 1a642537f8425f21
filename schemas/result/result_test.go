package result_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func example() result.Results {
	u95, rtt, speed := 4.9, 0.0004, 4.0
	labels := result.Labels{
		Cell: "qwen/h100/1gpu/16u/1024x256/t1", Address: `load.chat["qwen/h100/1gpu/16u/1024x256/t1"]`, Benchmark: "chat", Model: "qwen", Repo: "Qwen/Q", Engine: "vllm",
		Provider: "local", Workload: "w<1>", GPUType: "H100", GPUs: 1, Users: 16, ISL: 1024, OSL: 256, Trial: 1, OSLDistribution: "lognormal(256, 64)",
		Revision: "220b46e", EngineKind: "vllm", EngineImage: "vllm/vllm-openai:v0.11.0", EngineArgs: "--max-num-seqs 64", ProviderType: "process",
	}
	origin := result.Origin{
		Run: "20260105T100000Z-demo-0000", MeasuredAt: "2026-01-05T10:00:07Z", ServerEngine: "vllm", EngineVersion: "0.11.0",
		GPUNames: []string{"NVIDIA H100 80GB HBM3"}, RTTSeconds: &rtt, Speed: &speed,
		ServerMetrics: "vllm", ServerMetricsProblem: "connection refused",
	}
	second := labels
	second.Cell, second.Address, second.Trial = "…/t2", "load.chat[…t2]", 2
	return result.Results{
		Schema: result.Schema, Simulated: true, Suite: "demo", Description: "A demonstration", Seed: 42,
		Metrics: []result.Metric{{Name: "output_tps", Unit: "tokens/s", Better: "higher", Doc: "Rate."}, {Name: "energy_j", Unit: "J", Better: "lower", Doc: "Energy."}},
		Cells: []result.Cell{
			{
				Labels: labels, Status: result.StatusOK, Simulated: true, Origin: origin, Metrics: map[string]float64{"output_tps": 1255.5, "energy_j": 900},
				PowerValid: true, PowerMethod: "counter", PowerU95Percent: &u95, Validity: "valid", Reasons: []string{}, Notes: []string{}, SLOMissed: []string{"ttft_p99"}, SLONotes: []string{"ttft_p99 7.2 ms > 5 ms"},
			},
			{
				Labels: second, Status: result.StatusFailed, Failure: "deploy: out of memory", Metrics: map[string]float64{},
				Validity: "invalid", Reasons: []string{"failed"}, Notes: []string{"deploy: out of memory"}, SLOMissed: []string{}, SLONotes: []string{}, Origin: result.Origin{GPUNames: []string{}},
			},
		},
	}
}

func TestEncodeGolden(t *testing.T) {
	var b bytes.Buffer
	if err := example().Encode(&b); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "results.json")
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestLengthsInWords(t *testing.T) {
	labels := example().Cells[0].Labels
	if labels.Input() != "1024" || labels.Output() != "lognormal(256, 64)" || !labels.Drawn() || (result.Labels{ISL: 1024}).Drawn() {
		t.Errorf("input %s, output %s", labels.Input(), labels.Output())
	}
}

func TestReadsBackWhatItWrote(t *testing.T) {
	got, err := result.Read(filepath.Join("testdata", "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), got); diff != "" {
		t.Error(diff)
	}
}

func TestReadErrors(t *testing.T) {
	cases := []struct{ name, content, want string }{
		{"another schema", `{"schema": 2, "cells": []}`, "schema 2, this binary reads 1: use the inferencex that wrote it"},
		{"cut short", `{"schema": 1, "cel`, "unexpected EOF"},
		{"a text for a number", `{"schema":1,"metrics":[{"name":"rps"}],"cells":[{"rps":"many"}]}`, "cell 0: json: cannot unmarshal string"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "results.json")
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := result.Read(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v does not say %q and where", err, c.want)
			}
		})
	}
	if _, err := result.Read(filepath.Join(t.TempDir(), "none.json")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestPointsMergeTrials(t *testing.T) {
	cell := func(users, trial int, status string, tps float64) result.Cell {
		c := result.Cell{Labels: result.Labels{GPUs: 1, Users: users, Trial: trial}, Status: status, Metrics: map[string]float64{}}
		if status == result.StatusOK {
			c.Metrics["output_tps"] = tps
		}
		return c
	}
	points := result.Points([]result.Cell{
		cell(64, 1, result.StatusOK, 100), cell(8, 1, result.StatusOK, 10), cell(64, 2, result.StatusOK, 110),
		cell(64, 3, result.StatusFailed, 0), cell(64, 4, result.StatusOK, 90),
	})
	if len(points) != 2 || points[0].Users != 64 || points[1].Users != 8 {
		t.Fatalf("got %+v, want 64 users and then 8", points)
	}
	want := result.Stat{N: 3, Mean: 100, Min: 90, Max: 110}
	if diff := cmp.Diff(want, points[0].Stats["output_tps"]); diff != "" {
		t.Error(diff)
	}
	if points[0].Count(result.StatusFailed) != 1 || points[0].Stats["output_tps"].HalfRange() != 10 {
		t.Errorf("%d failed, half range %v", points[0].Count(result.StatusFailed), points[0].Stats["output_tps"].HalfRange())
	}
	if _, ok := points[1].Stat("energy_j"); ok {
		t.Error("a metric that no trial has is there")
	}
}

func TestLabel(t *testing.T) {
	cases := map[string]result.Labels{
		"1GPU/128U":   {GPUs: 1, Users: 128},
		"2GPU/2.5rps": {GPUs: 2, RateRPS: 2.5},
	}
	for want, l := range cases {
		if got := l.Label(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRound(t *testing.T) {
	for in, want := range map[float64]float64{0.1 + 0.2: 0.3, 1e15 + 1: 1e15, -2.0 / 3: -0.666666666667, 0: 0} {
		if got := result.Round(in); got != want {
			t.Errorf("Round(%v) = %v, want %v", in, got, want)
		}
	}
}
