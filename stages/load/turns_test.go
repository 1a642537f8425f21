package load_test

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/warmup"
)

// caching is fast, with a prefix cache.
func caching() simulator.Config {
	on, cfg := true, fast
	cfg.PrefixCache = &on
	return cfg
}

// chatty is a cell whose users hold conversations of four turns.
func chatty(api string, users int, pause think.Time) stage.LoadConfig {
	cfg := cell(users)
	cfg.Workload.API, cfg.Workload.ISL, cfg.Workload.OSL = api, length.Of(100), length.Of(40)
	cfg.Workload.Turns, cfg.Workload.ThinkTime, cfg.Workload.Requests = length.Of(4), pause, 8*users
	return cfg
}

// conversations are the rows of a load by session and in the order of turns.
func conversations(all []table.Request) map[int64][]table.Request {
	by := map[int64][]table.Request{}
	for _, r := range all {
		by[*r.Session] = append(by[*r.Session], r)
	}
	for _, turns := range by {
		slices.SortFunc(turns, func(a, b table.Request) int { return int(*a.Turn - *b.Turn) })
	}
	return by
}

// Turns follow each other: the next is due when the answer has ended and its user has thought, and begins with all that was said. The server finds that in
// its prefix cache, but for what fills no block.
func TestConversations(t *testing.T) {
	for _, api := range []string{client.Completions, client.Chat} {
		for name, pause := range map[string]think.Time{"at once": {}, "thinking": think.Of(200 * time.Millisecond)} {
			t.Run(api+" "+name, func(t *testing.T) {
				_, endpoint := simulate(t, caching())
				cfg := chatty(api, 6, pause)
				task := task(t, endpoint, cfg)
				if err := load.New().Run(t.Context(), environment(), task); err != nil {
					t.Fatal(err)
				}
				all := rows(t, task.Dir)
				talks := conversations(all)
				if len(all) != 48 || len(talks) != 12 {
					t.Fatalf("%d requests in %d conversations", len(all), len(talks))
				}
				for session, turns := range talks {
					for i, r := range turns {
						if r.Status != "ok" || int(*r.Turn) != i+1 || *r.Turns != 4 || r.Index != 4*session+int64(i) || *r.ISL != r.ISLRequested || *r.OSL != 40 {
							t.Errorf("conversation %d: %+v", session, r)
						}
						if i > 0 {
							checkTurn(t, turns[i-1], r, pause.Length)
						}
					}
				}
			})
		}
	}
}

// checkTurn holds a turn of 100 new tokens against the one before.
func checkTurn(t *testing.T, before, now table.Request, pause time.Duration) {
	t.Helper()
	if now.User != before.User || now.TSched != before.TDone+int64(pause) || now.TSend < now.TSched-int64(time.Microsecond) {
		t.Errorf("turn %d of user %d is due %v after the answer to turn %d of user %d, and leaves %v after that",
			*now.Turn, now.User, time.Duration(now.TSched-before.TDone), *before.Turn, before.User, time.Duration(now.TSend-now.TSched))
	}
	history := *before.ISL + *before.OSL
	if *now.ISLShared != history || *now.ISL != history+100 {
		t.Errorf("turn %d has %d tokens, %d of them said before: want 100 more than %d", *now.Turn, *now.ISL, *now.ISLShared, history)
	}
	if cached := (history - 1) / 16 * 16; now.CachedTokens == nil || *now.CachedTokens != cached {
		t.Errorf("turn %d finds %v tokens in the prefix cache, want %d of %d", *now.Turn, *now.CachedTokens, cached, history)
	}
}

// N = X·(R + Z), and what requests left late: of so many users, each is waiting for an answer or thinking, at any time.
func TestLittlesLaw(t *testing.T) {
	_, endpoint := simulate(t, fast)
	cfg := chatty(client.Completions, 12, think.Time{Kind: think.Exponential, Length: 400 * time.Millisecond})
	cfg.Workload.Requests, cfg.Workload.Duration, cfg.Workload.Grace = 0, stage.Duration(20*time.Second), stage.Duration(time.Minute)
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	all := rows(t, task.Dir)
	slices.SortFunc(all, func(a, b table.Request) int { return int(a.TSched - b.TSched) })
	begin, last := all[0].TSched, map[int32]int64{}
	var cycles []float64 // from the end of an answer to that of the next
	for _, r := range all {
		if before, known := last[r.User]; known {
			cycles = append(cycles, float64(r.TDone-before)/1e9)
		}
		last[r.User] = r.TDone
	}
	var sum float64
	for _, c := range cycles {
		sum += c
	}
	rate := float64(len(all)) / (float64(slices.Max(slices.Collect(maps.Values(last)))-begin) / 1e9)
	if users := rate * sum / float64(len(cycles)); math.Abs(users/12-1) > 0.1 {
		t.Errorf("%g requests a second take %g s with what was thought before: %g users, want 12", rate, sum/float64(len(cycles)), users)
	}
}

// The same suite and seed have the same conversations on the wire, to the byte, where the server gives the same answers. Each prompt begins with the one
// before and the answer to it.
func TestConversationsOnTheWire(t *testing.T) {
	cfg := chatty(client.Completions, 3, think.Time{})
	cfg.Workload.Turns = length.Lengths{Kind: length.Uniform, Lo: 2, Hi: 5}
	first, done := onTheWire(t, load.New(), environment(), cfg)
	again, _ := onTheWire(t, load.New(), environment(), cfg)
	if diff := cmp.Diff(first.sent, again.sent); diff != "" {
		t.Errorf("other bytes the second time:\n%s", diff)
	}
	cfg.Seed++
	if other, _ := onTheWire(t, load.New(), environment(), cfg); cmp.Equal(slices.Sorted(maps.Values(first.sent)), slices.Sorted(maps.Values(other.sent))) {
		t.Error("another seed sends the same bytes")
	}
	ids := func(r table.Request) (prompt []int64) {
		var body struct{ Prompt []int64 }
		if err := json.Unmarshal([]byte(first.sent[r.ID]), &body); err != nil {
			t.Fatal(err)
		}
		return body.Prompt
	}
	for session, turns := range conversations(rows(t, done.Dir)) {
		for i, r := range turns[1:] {
			before := append(ids(turns[i]), 'a') // the scribe's answer, and its only token
			if now := ids(r); len(now) != len(before)+100 || !slices.Equal(now[:len(before)], before) {
				t.Errorf("conversation %d: turn %d does not go on from turn %d", session, *r.Turn, i+1)
			}
		}
	}
}

// A turn that fails ends its conversation, and what is not attempted has no row.
func TestFailuresEndConversations(t *testing.T) {
	server, endpoint := simulate(t, fast)
	var once sync.Once
	env := environment()
	cfg := chatty(client.Chat, 8, think.Time{})
	cfg.Workload.Requests = 160
	env.Progress = func(p stage.Progress) {
		once.Do(func() {
			if err := server.Arm(simulator.Fault{Kind: simulator.FaultStreamTruncate, Count: 5, AfterChunks: 3}); err != nil {
				t.Error(err)
			}
		})
	}
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	all := rows(t, task.Dir)
	failed, unsent := 0, 0
	for session, turns := range conversations(all) {
		last := turns[len(turns)-1]
		switch {
		case last.Status == "truncated":
			failed++
			unsent += int(*last.Turns - *last.Turn)
		case len(turns) != 4 || last.Status != "ok":
			t.Errorf("conversation %d ends with turn %d, which is %s", session, *last.Turn, last.Status)
		}
	}
	if failed != 5 || len(all)+unsent != 160 {
		t.Errorf("%d conversations failed; %d requests were sent and %d turns left out, of 160", failed, len(all), unsent)
	}
}

// A conversation that cannot go on, as nobody says what tokens its answer has, fails at the turn that was due.
func TestTurnsThatCannotBeMade(t *testing.T) {
	server := &scribe{sent: map[string]string{}, head: map[string]http.Header{}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.mu.Lock()
		begun := len(server.sent) > 0
		server.mu.Unlock()
		if begun && r.URL.Path == "/tokenize" {
			http.Error(w, "no more of that", http.StatusInternalServerError)
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	task := task(t, stage.Endpoint{URL: front.URL, Model: "m"}, chatty(client.Completions, 2, think.Time{}))
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	talks := conversations(rows(t, task.Dir))
	for session, turns := range talks {
		if len(turns) != 2 || turns[0].Status != "ok" || turns[1].Status != "http_error" || turns[1].TSched != turns[0].TDone ||
			turns[1].Error != "make tokens of the answer before: tokenize: HTTP 500: no more of that" {
			t.Errorf("conversation %d: %+v", session, turns)
		}
	}
	if len(talks) != 4 {
		t.Errorf("%d conversations", len(talks))
	}
}

// Conversations of an open loop begin at its rate, and each goes on by itself.
func TestOpenConversations(t *testing.T) {
	_, endpoint := simulate(t, caching())
	cfg := chatty(client.Chat, 0, think.Of(300*time.Millisecond))
	cfg.RateRPS, cfg.Workload.Arrival, cfg.Workload.Requests = 8, "constant", 80
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	talks := conversations(rows(t, task.Dir))
	for session, turns := range talks {
		if due := turns[0].TSched - talks[0][0].TSched; due != session*int64(time.Second)/8 {
			t.Errorf("conversation %d begins after %v", session, time.Duration(due))
		}
		for i, r := range turns {
			if r.User != -1 || r.Status != "ok" {
				t.Errorf("conversation %d: %+v", session, r)
			}
			if i > 0 {
				checkTurn(t, turns[i-1], r, 300*time.Millisecond)
			}
		}
	}
	if len(talks) != 20 {
		t.Errorf("%d conversations", len(talks))
	}
}

// The shared prefix stands before a conversation, on top of what is new in its first turn.
func TestConversationsShareAPrefix(t *testing.T) {
	_, endpoint := simulate(t, caching())
	cfg := chatty(client.Completions, 2, think.Time{})
	cfg.Workload.SharedPrefix = 320
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	for session, turns := range conversations(rows(t, task.Dir)) {
		if first := turns[0]; *first.ISL != 420 || *first.ISLShared != 320 {
			t.Errorf("conversation %d begins with %d tokens, %d of them shared", session, *first.ISL, *first.ISLShared)
		}
		checkTurn(t, turns[0], turns[1], 0)
	}
}

// A warm-up has the prompt that a conversation ends with: the longest that the server is going to see.
func TestWarmupOfConversations(t *testing.T) {
	cfg := stage.WarmupConfig{Workload: chatty(client.Completions, 2, think.Of(time.Hour)).Workload, Users: 2, Requests: 4, Seed: 7}
	s, _ := onTheWire(t, warmup.New(), environment(), cfg)
	for id, body := range s.sent {
		var asked ask
		if err := json.Unmarshal([]byte(body), &asked); err != nil || asked.length() != 4*100+3*40 || asked.MaxTokens != 40 {
			t.Errorf("%s asks for %d tokens by %d (%v)", id, asked.MaxTokens, asked.length(), err)
		}
	}
	if len(s.sent) != 4 {
		t.Errorf("%d requests", len(s.sent))
	}
}
