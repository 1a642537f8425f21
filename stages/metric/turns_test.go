package metric_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// converse makes conversations of so many turns of the requests of a sample.
func converse(s *metric.Sample, turns int) {
	s.Cell.Turns = "some"
	for i := range s.Data.Requests {
		session, turn, of := int64(i/turns), int32(i%turns+1), int32(turns)
		r := &s.Data.Requests[i]
		r.Session, r.Turn, r.Turns = &session, &turn, &of
	}
}

// said is one turn of a test: times in seconds, tokens of the prompt and of these the cached ones.
type said struct {
	user                   int32
	session                int64
	turn, turns            int32
	sched, send, ttft, end float64
	isl, cached            int32
	status                 string
}

func talk(cell stage.CellConfig, all ...said) *metric.Sample {
	ns := func(seconds float64) int64 { return int64(math.Round(seconds * 1e9)) }
	var rows []table.Request
	for i, a := range all {
		firstToken, done := ns(a.send+a.ttft), ns(a.end)
		r := table.Request{
			Index: int64(i), User: a.user, Session: &a.session, Turn: &a.turn, Turns: &a.turns, TSched: ns(a.sched), TSend: ns(a.send), TDone: done,
			TFirstToken: &firstToken, TLastToken: &done, ISL: &a.isl, CachedTokens: &a.cached, Status: a.status,
		}
		if r.Status == "" {
			r.Status = "ok"
		}
		rows = append(rows, r)
	}
	return metric.NewSample(cell, stage.GPU{}, metric.Data{Requests: rows})
}

// Two users, who think for a second, one of them after a failure that leaves two turns unsent.
func TestConversations(t *testing.T) {
	s := talk(
		stage.CellConfig{Labels: result.Labels{Users: 2, Turns: "3", ThinkTime: "1s"}},
		said{user: 0, session: 0, turn: 1, turns: 3, sched: 0, send: 0, ttft: .4, end: 1, isl: 100, cached: 0},
		said{user: 0, session: 0, turn: 2, turns: 3, sched: 2, send: 2, ttft: .1, end: 3, isl: 200, cached: 96},
		said{user: 0, session: 0, turn: 3, turns: 3, sched: 4, send: 4, ttft: .2, end: 5, isl: 300, cached: 192},
		said{user: 1, session: 1, turn: 1, turns: 3, sched: 0, send: 0, ttft: .4, end: 1, status: "timeout"},
		said{user: 1, session: 2, turn: 1, turns: 3, sched: 2, send: 2, ttft: .6, end: 5, isl: 100, cached: 0},
	)
	got := map[string]float64{}
	for _, name := range []string{
		"sessions", "turns_unsent", "think_mean_s", "users_present", "achieved_concurrency", "ttft_first_turn_mean_s", "ttft_later_turns_mean_s",
		"isl_mean_first_turn", "isl_mean_later_turns", "prefix_hit_first_turn", "prefix_hit_later_turns", "steady_window_s", "requests_attempted", "requests_failed", "requests_ok",
	} {
		def, _ := metric.Find(name)
		if v, ok := def.Compute(s); ok {
			got[name] = math.Round(v*1e6) / 1e6
		}
	}
	want := map[string]float64{
		"sessions": 3, "turns_unsent": 2, "think_mean_s": 1, "users_present": 2, "achieved_concurrency": 1.4, "ttft_first_turn_mean_s": .5, "ttft_later_turns_mean_s": .15,
		"isl_mean_first_turn": 100, "isl_mean_later_turns": 250, "prefix_hit_first_turn": 0, "prefix_hit_later_turns": .576, "steady_window_s": 5,
		"requests_attempted": 5, "requests_failed": 1, "requests_ok": 4,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What the client adds to a pause is no think time, but who is late is there.
func TestLagIsNoPause(t *testing.T) {
	s := talk(
		stage.CellConfig{Labels: result.Labels{Users: 1, ThinkTime: "1s"}},
		said{turn: 1, turns: 1, session: 0, sched: 0, send: 0, end: 1},
		said{turn: 1, turns: 1, session: 1, sched: 2, send: 3, end: 4},
	)
	for name, want := range map[string]float64{"think_mean_s": 1, "users_present": 1, "achieved_concurrency": .5} {
		def, _ := metric.Find(name)
		if got, ok := def.Compute(s); !ok || got != want {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
}

// Users who come and go may be gone between two conversations: that is no pause to be sure of.
func TestUsersWhoAreGone(t *testing.T) {
	s := talk(
		stage.CellConfig{Labels: result.Labels{Users: 1, Pattern: "1-0-1u", Turns: "2", ThinkTime: "1s"}},
		said{turn: 1, turns: 2, session: 0, sched: 0, send: 0, end: 1},
		said{turn: 2, turns: 2, session: 0, sched: 2, send: 2, end: 3},
		said{turn: 1, turns: 2, session: 1, sched: 50, send: 50, end: 51},
	)
	think, _ := metric.Find("think_mean_s")
	if got, ok := think.Compute(s); !ok || got != 1 {
		t.Errorf("a mean pause of %g s, want 1", got)
	}
	present, _ := metric.Find("users_present")
	if got, ok := present.Compute(s); ok {
		t.Errorf("%g users are there on average, of whom it is not known", got)
	}
}

// Of an open loop the arrivals are those of conversations, and it is steady once the first of these have ended.
func TestOpenConversations(t *testing.T) {
	var all []said
	for session := range int64(100) {
		at := float64(session)
		for turn := range int32(2) {
			begin := at + 3*float64(turn)
			all = append(all, said{user: -1, session: session, turn: turn + 1, turns: 2, sched: begin, send: begin, ttft: .1, end: begin + 1})
		}
	}
	s := talk(stage.CellConfig{Labels: result.Labels{RateRPS: 1, Turns: "2", ThinkTime: "2s"}}, all...)
	for name, want := range map[string]float64{"sent_rps": 1, "sent_gap_cv": 0, "steady_window_s": 95, "think_mean_s": 2} {
		def, _ := metric.Find(name)
		if got, ok := def.Compute(s); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	if g, ok := s.Growth(); !ok || g.PerSecond != 0 {
		t.Errorf("growth %+v", g)
	}
}
