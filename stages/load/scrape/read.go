package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// errUnknown says that a server's metrics are of no engine that is understood.
var errUnknown = errors.New("/metrics names nothing of vLLM, SGLang or llama.cpp")

// Read takes what a server tells of itself from its metrics in Prometheus' text format: a row without its place and times. Errors are those of the
// format, and errors of metrics that no engine is known to have.
func Read(text []byte) (table.Server, error) {
	for _, v := range vocabularies() {
		for _, prefix := range v.prefixes {
			if wanted := v.lines(text, prefix); len(wanted) > 0 {
				return v.read(wanted, prefix)
			}
		}
	}
	return table.Server{}, errUnknown
}

// readAll takes what several servers of one endpoint tell of themselves as one: what is counted is added up.
func readAll(texts [][]byte) (table.Server, error) {
	var all table.Server
	for i, text := range texts {
		row, err := Read(text)
		if err != nil {
			return table.Server{}, err
		}
		switch {
		case i == 0:
			all = row
		case row.Engine != all.Engine:
			return table.Server{}, fmt.Errorf("/metrics are of %s and of %s: the servers of one endpoint have one engine", all.Engine, row.Engine)
		default:
			join(&all, row)
		}
	}
	return all, nil
}

// join adds a server to others. One that does not tell something has not counted any of it; the fullest cache and the latest start are those of all.
func join(all *table.Server, row table.Server) {
	for _, of := range []func(*table.Server) **float64{
		running, waiting, inputTokens, outputTokens, prefixQueries, prefixHits, preemptions, finished,
		ttftSum, ttftCount, tpotSum, tpotCount, queueSum, queueCount,
	} {
		merge(of(all), *of(&row), func(a, b float64) float64 { return a + b })
	}
	for _, of := range []func(*table.Server) **float64{kvUsage, hitRate, started} {
		merge(of(all), *of(&row), func(a, b float64) float64 { return max(a, b) })
	}
}

func merge(into **float64, v *float64, with func(a, b float64) float64) {
	switch {
	case v == nil:
	case *into == nil:
		*into = v
	default:
		both := with(**into, *v)
		*into = &both
	}
}

// read takes in the lines that are wanted.
func (v vocabulary) read(wanted []byte, prefix string) (table.Server, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(wanted))
	if err != nil {
		return table.Server{}, fmt.Errorf("read /metrics: %w", err)
	}
	row := table.Server{Engine: v.engine}
	for _, t := range v.terms {
		t.read(families, prefix, &row)
	}
	v.complete(&row)
	if f := families[processStart]; f != nil {
		row.ProcessStart = total(f, true, valueOf)
	}
	return row, nil
}

// lines returns the lines of what the vocabulary has names for, or nothing where there are none but of the process. Nine in ten lines are others, the
// buckets of histograms above all; and what is wrong with one of those is no concern here.
func (v vocabulary) lines(text []byte, prefix string) []byte {
	names := map[string]bool{processStart: false}
	for _, t := range v.terms {
		for _, name := range t.names {
			names[prefix+name] = true
		}
	}
	var wanted []byte
	speaks := false
	for line := range bytes.Lines(text) {
		name := bytes.TrimPrefix(line, []byte("# TYPE "))
		if i := bytes.IndexAny(name, "{ \t"); i >= 0 {
			name = name[:i]
		}
		own, known := names[string(name)]
		for _, part := range []string{"_sum", "_count"} {
			if base, cut := bytes.CutSuffix(name, []byte(part)); cut && !known {
				own, known = names[string(base)]
			}
		}
		if known {
			wanted, speaks = append(wanted, line...), speaks || own
		}
	}
	if !speaks {
		return nil
	}
	return wanted
}

func (t term) read(families map[string]*dto.MetricFamily, prefix string, row *table.Server) {
	for _, name := range t.names {
		f := families[prefix+name]
		switch {
		case f == nil:
		case t.share:
			if v, now := total(f, true, valueOf), t.into(row); v != nil && (*now == nil || *v > **now) {
				*now = v
			}
		case t.into != nil:
			if v := total(f, false, valueOf); v != nil {
				*t.into(row) = v
				return
			}
		default:
			sum, count := total(f, false, sumOf), total(f, false, countOf)
			if sum == nil || count == nil || *t.sum(row) != nil {
				continue
			}
			*t.sum(row) = sum
			if t.count != nil {
				*t.count(row) = count
			}
		}
	}
}

// total is the sum over a family's label sets, which are a server's engines, the reasons of an end and the like; of shares it is the highest. It is nil
// where nothing usable is there.
func total(f *dto.MetricFamily, share bool, of func(*dto.Metric) (float64, bool)) *float64 {
	var all *float64
	for _, m := range f.GetMetric() {
		v, ok := of(m)
		switch {
		case !ok || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || repeats(m):
		case all == nil:
			all = &v
		case share:
			*all = max(*all, v)
		default:
			*all += v
		}
	}
	if all != nil && math.IsInf(*all, 0) {
		return nil
	}
	return all
}

// repeats reports whether a label set counts again what another one has: all ranks of a tensor or pipeline parallel engine work on the same requests,
// and the gauges of SGLang show those of each priority beside all of them, whose priority is empty.
func repeats(m *dto.Metric) bool {
	for _, l := range m.GetLabel() {
		switch v := l.GetValue(); l.GetName() {
		case "tp_rank", "pp_rank":
			if v != "0" {
				return true
			}
		case "priority":
			if m.Gauge != nil && v != "" {
				return true
			}
		}
	}
	return false
}

func valueOf(m *dto.Metric) (float64, bool) {
	switch {
	case m.Counter != nil:
		return m.GetCounter().GetValue(), true
	case m.Gauge != nil:
		return m.GetGauge().GetValue(), true
	case m.Untyped != nil:
		return m.GetUntyped().GetValue(), true
	default:
		return 0, false
	}
}

func sumOf(m *dto.Metric) (float64, bool) {
	return m.GetHistogram().GetSampleSum(), m.Histogram != nil
}

func countOf(m *dto.Metric) (float64, bool) {
	return float64(m.GetHistogram().GetSampleCount()), m.Histogram != nil
}
