package ceiling

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/client/nullserver"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// Point is what one load showed.
type Point struct {
	Streams int           `json:"streams"` // in flight at once
	Gap     time.Duration `json:"gap_ns"`  // between the tokens of each
	// ChunksPerSecond is the rate while all streams are in flight.
	ChunksPerSecond float64            `json:"chunks_per_second"`
	Figures         nullserver.Figures `json:"figures"`
	CPUShare        float64            `json:"cpu_share"` // of the processors that the client may use
	Verdict         string             `json:"verdict"`   // ok, or what stands against it
}

const verdictOK = "ok"

// OK reports whether the client kept up.
func (p Point) OK() bool { return p.Verdict == verdictOK }

// What a client that keeps up stays under.
const (
	maxTTFTError = 0.005 // mean seconds that it adds to the time to the first token
	maxLagOfGap  = 0.5   // p99 of what it adds to a token's time, in gaps,
	minMaxLag    = 0.005 // or seconds where that is more
	maxCPU       = 0.9   // of its processors
	maxLateOfGap = 0.5   // p99 of the lateness of the server, beyond which it is the one that is measured
)

// judge says whether the client kept up.
func (p Point) judge() string {
	gap := p.Gap.Seconds()
	switch f := p.Figures; {
	case f.LagP99 > max(minMaxLag, maxLagOfGap*gap):
		return fmt.Sprintf("tokens read %.1f ms late (p99)", 1e3*f.LagP99)
	case f.TTFTError > maxTTFTError:
		return fmt.Sprintf("%.1f ms added to the ttft", 1e3*f.TTFTError)
	case p.CPUShare > maxCPU:
		return fmt.Sprintf("%.0f %% of the processors used", 100*p.CPUShare)
	case f.ServerLateP99 > max(minMaxLag, maxLateOfGap*gap):
		return fmt.Sprintf("the server itself was %.1f ms late (p99)", 1e3*f.ServerLateP99)
	default:
		return verdictOK
	}
}

// measurement puts loads on a null server.
type measurement struct {
	url string
	dir string
	now func() time.Time
}

// point measures one.
func (m measurement) point(ctx context.Context, streams int, gap time.Duration) (Point, error) {
	p := Point{Streams: streams, Gap: gap, ChunksPerSecond: float64(streams) / gap.Seconds()}
	dir, err := os.MkdirTemp(m.dir, fmt.Sprintf("%d-%v-", streams, gap))
	if err != nil {
		return p, err
	}
	defer os.RemoveAll(dir)
	if _, err := nullserver.Records(ctx, m.url); err != nil { // of what was before
		return p, err
	}
	if err := m.load(ctx, p, dir); err != nil {
		return p, err
	}
	answers, err := answersIn(dir)
	if err != nil {
		return p, err
	}
	records, err := nullserver.Records(ctx, m.url)
	if err != nil {
		return p, err
	}
	if p.Figures, err = nullserver.Compare(answers, records); err != nil {
		return p, err
	}
	facts, err := measured.ReadLoad(dir)
	if err != nil {
		return p, err
	}
	p.CPUShare = facts.Client.CPUSeconds / facts.Client.WallSeconds / float64(facts.Client.MaxProcs)
	p.Verdict = p.judge()
	return p, nil
}

// load runs the stage as a suite would have it run: each stream has two answers, and all begin over the length of one.
func (m measurement) load(ctx context.Context, p Point, dir string) error {
	order, err := json.Marshal(nullserver.Order{TTFTMicros: ttft.Microseconds(), GapMicros: p.Gap.Microseconds(), Stamp: true})
	if err != nil {
		return err
	}
	cfg := stage.LoadConfig{
		Users: p.Streams, Trial: 1,
		Workload: stage.Workload{
			API: "completions", ISL: length.Of(16), OSL: length.Of(int(answer / p.Gap)), Requests: 2 * p.Streams, IgnoreEOS: true,
			Ramp: stage.Duration(answer), ExtraBody: order,
		},
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		return err
	}
	env := stage.Env{RunID: "calibrate", Now: m.now, Getenv: func(string) string { return "" }, Log: slog.New(slog.DiscardHandler)}
	return load.New().Run(ctx, env, stage.Task{
		Address: addr.Step{Kind: load.Name, Name: "calibrate", Key: filepath.Base(dir)}, Attempt: 1, Config: text, Dir: dir,
		Incarnation: &stage.Incarnation{Live: served{m.url}},
	})
}

// answersIn reads what a load left. A request that failed says that the machine is beyond its ceiling in a way that no figure tells.
func answersIn(dir string) ([]nullserver.Answer, error) {
	var answers []nullserver.Answer
	at := map[int64]int{} // by the request's index
	var epoch int64
	err := table.Scan(filepath.Join(dir, measured.RequestsFile), func(rows []table.Request) error {
		for _, r := range rows {
			if r.Status != "ok" {
				return fmt.Errorf("a request ended with %s: %s", r.Status, r.Error)
			}
			at[r.Index] = len(answers)
			epoch = r.EpochUnixNS
			answers = append(answers, nullserver.Answer{ID: r.ID, Send: r.EpochUnixNS + r.TSend, Tokens: make([]int64, 0, r.Chunks)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = table.Scan(filepath.Join(dir, measured.ChunksFile), func(rows []table.Chunk) error {
		for _, c := range rows {
			a := &answers[at[c.Request]]
			a.Tokens = append(a.Tokens, epoch+c.T)
		}
		return nil
	})
	return answers, err
}

// served is the null server as a stage meets it.
type served struct{ url string }

var _ stage.Live = served{}

// Record is empty: nothing but this package ends the server.
func (served) Record() stage.Record { return stage.Record{} }

// Endpoint says where the server is.
func (s served) Endpoint() stage.Endpoint {
	return stage.Endpoint{URL: s.url, Model: "null", Engine: "null"}
}

// Logs is empty.
func (served) Logs(context.Context, int) ([]string, error) { return nil, nil }

// Alive returns nil: a load notices a server that is gone.
func (served) Alive(context.Context) error { return nil }
