package load_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/pipeline/stage/revisiontest"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/warmup"
)

var update = flag.Bool("update", false, "write the digests of testdata/revision.*.json anew")

// sending is a fixture: what a load is told to send. It is never edited; a new one is added beside it.
type sending struct {
	cfg stage.LoadConfig
	env stage.Env
}

// sendings have each way to make a request in one of them: both APIs, lengths that are drawn and that are recorded, prefixes, texts, traces,
// conversations, and the schedules of open loops. None ends by the clock, so that what is sent does not depend on it.
func sendings(t *testing.T) map[string]sending {
	t.Helper()
	uniform := length.Lengths{Kind: length.Uniform, Lo: 10, Hi: 200}
	lognormal := length.Lengths{Kind: length.Lognormal, MeanOf: 90, Spread: 40, Max: 300}
	isl, osl, lines := recorded(t)
	texts, asked := asking(t, questions(10), true)
	talks, chatted := asking(t, chats(10), false)
	replay, replaying := replayed(t, "completions", 50)
	closed := func(w stage.Workload) stage.LoadConfig {
		w.Requests, w.IgnoreEOS = 24, true
		return stage.LoadConfig{Workload: w, Users: 4, Trial: 1, Seed: 7}
	}
	open := func(w stage.Workload) stage.LoadConfig {
		cfg := closed(w)
		cfg.Users, cfg.RateRPS = 0, 400
		return cfg
	}
	fixed := stage.Workload{API: "completions", ISL: length.Of(64), OSL: length.Of(8)}
	with := func(change func(*stage.Workload)) stage.Workload {
		w := fixed
		change(&w)
		return w
	}
	talk := with(func(w *stage.Workload) { w.API, w.Turns = "chat", length.Lengths{Kind: length.Uniform, Lo: 2, Hi: 4} })
	added := with(func(w *stage.Workload) {
		w.ExtraBody, w.Headers, w.Temperature = []byte(`{"top_k":20,"min_tokens":null}`), map[string]string{"X-Tier": "gold"}, 0.7
	})
	second := closed(fixed)
	second.Trial, second.Seed, second.Salt = 2, 8, "pepper"
	env := environment()
	return map[string]sending{
		"fixed":       {closed(fixed), env},
		"seed":        {second, env},
		"chat":        {closed(with(func(w *stage.Workload) { w.API = "chat" })), env},
		"uniform":     {closed(with(func(w *stage.Workload) { w.ISL, w.OSL, w.SharedPrefix = uniform, uniform, 9 })), env},
		"lognormal":   {closed(with(func(w *stage.Workload) { w.ISL = lognormal })), env},
		"dataset":     {closed(with(func(w *stage.Workload) { w.ISL, w.OSL = isl, osl })), lines},
		"added":       {closed(added), env},
		"texts":       {closed(texts), asked},
		"chats":       {closed(talks), chatted},
		"talk":        {closed(talk), env},
		"talk-pauses": {closed(with(func(w *stage.Workload) { w.Turns, w.ThinkTime = length.Of(3), think.Of(time.Millisecond) })), env},
		"constant":    {open(with(func(w *stage.Workload) { w.Arrival = "constant" })), env},
		"poisson":     {open(with(func(w *stage.Workload) { w.Arrival, w.ISL = "poisson", uniform })), env},
		"gamma":       {open(with(func(w *stage.Workload) { w.Arrival, w.Burstiness = "gamma", 0.5 })), env},
		"ramp":        {open(with(func(w *stage.Workload) { w.Arrival, w.Ramp = "constant", stage.Duration(40*time.Millisecond) })), env},
		"trace":       {replay, replaying},
		"phases": {open(with(func(w *stage.Workload) {
			w.Arrival = "poisson"
			w.Phases = phase.Phases{{RateRPS: 200, Duration: 50 * time.Millisecond}, {RateRPS: 600, Ramp: 20 * time.Millisecond, Duration: 50 * time.Millisecond}}
		})), env},
	}
}

// What is protected: a key. What a load sends, and when it means to, follows from its recipe; a change of this code that makes it send anything else
// must raise the revision, since results that were sealed before would pass for those of the new requests.
func TestRevisionOfLoad(t *testing.T) {
	outputs := map[string]map[string]string{}
	for name, s := range sendings(t) {
		wire, task := onTheWire(t, load.New(), s.env, s.cfg)
		outputs[name] = map[string]string{"requests": digestOf(wire)}
		if s.cfg.RateRPS > 0 {
			outputs[name]["schedule"] = revisiontest.Digest(fmt.Append(nil, schedule(rows(t, task.Dir))))
		}
	}
	revisiontest.Hold(t, load.New(), outputs, *update)
}

// What is protected: the server that a load finds. What a warm-up sends is no part of a key, but results measured after another one are of
// another server.
func TestRevisionOfWarmup(t *testing.T) {
	outputs := map[string]map[string]string{}
	for name, s := range sendings(t) {
		if s.cfg.Workload.Trace != nil {
			continue
		}
		cfg := stage.WarmupConfig{Workload: s.cfg.Workload, Users: max(4, s.cfg.Users), Requests: 6, Seed: s.cfg.Seed}
		wire, _ := onTheWire(t, warmup.New(), s.env, cfg)
		outputs[name] = map[string]string{"requests": digestOf(wire)}
	}
	revisiontest.Hold(t, warmup.New(), outputs, *update)
}

// digestOf is that of all requests that came over the wire, with their headers.
func digestOf(s *scribe) string {
	var text strings.Builder
	for _, id := range slices.Sorted(maps.Keys(s.sent)) {
		head := s.head[id]
		for _, name := range slices.Sorted(maps.Keys(head)) {
			fmt.Fprintf(&text, "%s: %s\n", name, strings.Join(head[name], ", "))
		}
		fmt.Fprintf(&text, "%s\n%s\n", id, s.sent[id])
	}
	return revisiontest.Digest([]byte(text.String()))
}
