package cli

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// sealed is a folder of runs with a sealed result for every step of a suite.
type sealed struct {
	app   *App
	flags suiteFlags
	suite string
	store *checkpoint.Store
}

// sealAll seals small files for every step of the suite's plan.
func sealAll(b *testing.B, suite string, bytesEach int) *sealed {
	b.Helper()
	s := &sealed{suite: suite, app: &App{
		Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Now: time.Now, Getenv: func(string) string { return "" },
	}}
	s.flags.dir = filepath.Join(b.TempDir(), "runs")
	var err error
	if s.store, err = checkpoint.Open(filepath.Join(s.flags.dir, "store")); err != nil {
		b.Fatal(err)
	}
	for range 3 { // cells, then the aggregate of them, then the plot of that
		p := s.plan(b)
		for i, step := range p.Steps {
			last := i == len(p.Steps)-1 || p.Steps[i+1].Atom != step.Atom
			if step.Action == plan.Run && step.Key != "" && last && step.Atom != "" {
				s.seal(b, step, bytesEach)
			}
		}
	}
	if p := s.plan(b); p.Count("", plan.Run) > 0 {
		b.Fatalf("%d steps are not sealed", p.Count("", plan.Run))
	}
	return s
}

func (s *sealed) plan(b *testing.B) *plan.Plan {
	b.Helper()
	l, err := s.app.load(s.flags, []string{s.suite})
	if err != nil {
		b.Fatal(err)
	}
	p, err := s.app.plan(l, s.flags, s.store)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// seal puts an entry into the store as a sealing does, but for the fsyncs, which would take minutes.
func (s *sealed) seal(b *testing.B, step plan.Step, bytesEach int) {
	b.Helper()
	entry := checkpoint.Entry{Key: step.Key, Run: "bench", Sealed: time.Now().UTC(), Recipe: step.Recipe}
	dir := filepath.Join(s.flags.dir, "store", "entries", step.Key[:2], step.Key)
	kinds := []string{step.Address.Kind}
	if step.Address.Kind == plan.FetchPower {
		kinds = []string{plan.FetchPower, plan.Load}
	}
	for _, kind := range kinds {
		name, text := kind+"/rows.parquet", bytes.Repeat([]byte(step.Key), bytesEach/64+1)
		if kind == plan.Aggregate {
			name, text = kind+"/report/results.json", []byte(`{"schema": 1, "cells": []}`)
		}
		entry.Steps = append(entry.Steps, addr.Step{Kind: kind, Name: step.Address.Name, Key: step.Address.Key})
		entry.Files = append(entry.Files, checkpoint.File{Path: name, Size: int64(len(text)), SHA256: fmt.Sprintf("%x", sha256.Sum256(text))})
		write(b, filepath.Join(dir, name), text)
	}
	manifest, err := entry.Manifest()
	if err != nil {
		b.Fatal(err)
	}
	write(b, filepath.Join(dir, "entry.json"), manifest)
}

func write(b *testing.B, path string, text []byte) {
	b.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
		b.Fatal(err)
	}
}

// largeSuite writes a suite of 10 × 10 × 100 cells.
func largeSuite(b *testing.B) string {
	b.Helper()
	numbers := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprint(i+1))
		}
		return strings.Join(list, ", ")
	}
	path := filepath.Join(b.TempDir(), "large.hcl")
	text := fmt.Sprintf(`
suite "large" {}
model "m" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}
provider "simulator" "s" {}
workload "w" {
  requests = 128
}
benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  trials   = 1
  matrix {
    gpus  = [1, 2]
    isl   = [%s]
    osl   = [%s]
    users = [%s]
  }
}
`, numbers(10), numbers(10), numbers(50))
	write(b, path, []byte(text))
	return path
}

// BenchmarkResume runs a suite of 10,000 cells of which everything is sealed, as a process: reading, planning with a hash check of every file, and
// publishing the report. Beside the time it takes it reports the processor's, and the most memory that it had.
func BenchmarkResume(b *testing.B) {
	s := sealAll(b, largeSuite(b), 4<<10)
	var seconds, megabytes float64
	for b.Loop() {
		cmd := exec.Command("inferencex", "run", "-dir", s.flags.dir, s.suite)
		talk, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(talk), "10000 used again") {
			b.Fatalf("%v\n%s", err, talk)
		}
		seconds += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			megabytes = max(megabytes, float64(usage.Maxrss)/1e3)
		}
	}
	b.ReportMetric(seconds/float64(b.N), "CPU-s/op")
	b.ReportMetric(megabytes, "MB")
}
