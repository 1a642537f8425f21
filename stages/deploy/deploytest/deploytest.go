// Package deploytest is the contract of a deploy provider as a test.
//
// Its invariant: it asks for nothing that deploy.Provider does not promise, so that a provider which fails it is wrong.
package deploytest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// Subject is a provider with what it takes to serve a small model by it.
type Subject struct {
	Provider   deploy.Provider
	Args       string // the body of the provider block, in HCL
	Deployment stage.Deployment
	Getenv     func(string) string // nil: an empty environment
	// Again returns a second provider, as another process would have it. Nil where servers end with their process.
	Again func() deploy.Provider
	// Timeout is how long a server may take to be ready. Zero: a minute.
	Timeout time.Duration
}

// Run checks that providers which factory makes keep the contract of deploy.Provider. Each subtest has a subject of its own.
func Run(t *testing.T, factory func(t *testing.T) Subject) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, b *bench)
	}{
		{"create is idempotent per token", createTwice},
		{"destroy is idempotent", destroyTwice},
		{"destroy of what never was", destroyUnknown},
		{"destroy by token alone", destroyByToken},
		{"list shows labels until the end", listed},
		{"canceled create leaves nothing", canceledCreate},
		{"ready endpoint answers until released", readyThenReleased},
		{"release from a record alone", releaseElsewhere},
		{"release of what is gone, or never was", releaseAbsent},
		{"a ledger that cannot write leaves nothing", brokenLedger},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newBench(t, factory(t))) })
	}
}

func createTwice(t *testing.T, b *bench) {
	h := b.create(t)
	again := b.must(b.Provider.Create(t.Context(), h.Token, b.spec))(t)
	if again != h.ID {
		t.Errorf("a second create with the same token gave %s, the first %s", again, h.ID)
	}
	if b.borrowed {
		return
	}
	if got := b.list(t, map[string]string{deploy.LabelToken: string(h.Token)}); len(got) != 1 {
		t.Errorf("%d servers carry the token, want 1", len(got))
	}
}

func destroyTwice(t *testing.T, b *bench) {
	h := b.create(t)
	b.destroy(t, h)
	b.destroy(t, h)
	b.absent(t, h)
}

func destroyUnknown(t *testing.T, b *bench) {
	b.destroy(t, deploy.Handle{Scope: b.spec.Scope, Token: "ix-never-was"})
}

func destroyByToken(t *testing.T, b *bench) {
	h := b.create(t)
	b.destroy(t, deploy.Handle{Scope: h.Scope, Token: h.Token})
	b.absent(t, h)
}

// absent checks that the provider has let go of a server.
func (b *bench) absent(t *testing.T, h deploy.Handle) {
	t.Helper()
	if b.borrowed {
		return
	}
	if got := b.list(t, map[string]string{deploy.LabelToken: string(h.Token)}); len(got) != 0 {
		t.Errorf("list still shows %v", got)
	}
	status, err := b.Provider.Inspect(t.Context(), h)
	if err != nil || !status.Gone {
		t.Errorf("inspect after destroy: %+v, %v; want gone", status, err)
	}
}

func listed(t *testing.T, b *bench) {
	h, other := b.create(t), b.create(t)
	run := map[string]string{deploy.LabelRun: b.spec.Env.RunID}
	want := []deploy.Token{h.Token, other.Token}
	if b.borrowed {
		want = nil
	}
	if diff := cmp.Diff(want, b.list(t, run)); diff != "" {
		t.Errorf("servers of the run (-want +got):\n%s", diff)
	}
	if got := b.list(t, map[string]string{deploy.LabelRun: "some-other-run"}); len(got) != 0 {
		t.Errorf("another run has %v", got)
	}
	b.destroy(t, h)
	if !b.borrowed {
		want = []deploy.Token{other.Token}
	}
	if diff := cmp.Diff(want, b.list(t, run)); diff != "" {
		t.Errorf("after the first is gone (-want +got):\n%s", diff)
	}
}

func canceledCreate(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	token := deploy.Token(fmt.Sprintf("ix-canceled-%d", runs.Add(1)))
	b.spec.Labels = map[string]string{deploy.LabelToken: string(token)}
	id, err := b.Provider.Create(ctx, token, b.spec)
	if err == nil {
		b.destroy(t, deploy.Handle{Scope: b.spec.Scope, Token: token, ID: id})
		t.Fatal("create in a context that has ended succeeded")
	}
	if got := stage.ClassOf(err); got != stage.Canceled {
		t.Errorf("class of %q = %s, want canceled", err, got)
	}
	if got := b.list(t, b.spec.Labels); len(got) != 0 {
		t.Errorf("it left %v", got)
	}
}

func (b *bench) acquire(t *testing.T, ledger stage.Ledger) (*deploy.Kind, stage.Live, error) {
	t.Helper()
	kind := deploy.New(b.Provider)
	task := stage.Task{
		Address: addr.Step{Kind: "deploy", Name: "test", Key: "contract"}, Attempt: 1, Config: b.config, Dir: b.spec.Dir,
	}
	live, err := kind.Acquire(t.Context(), b.spec.Env, task, ledger)
	if err == nil {
		t.Cleanup(func() {
			h := deploy.Handle{Scope: b.spec.Scope, Token: deploy.Token(live.Record().Token), ID: deploy.ID(live.Record().ID)}
			b.destroy(t, h)
		})
	}
	return kind, live, err
}

func readyThenReleased(t *testing.T, b *bench) {
	ledger := &Ledger{}
	kind, live, err := b.acquire(t, ledger)
	if err != nil {
		t.Fatalf("acquire: %v", err)
	}
	if diff := cmp.Diff([]stage.Record{live.Record()}, ledger.Records()); diff != "" {
		t.Errorf("record and ledger differ (-record +ledger):\n%s", diff)
	}
	if deadline := live.Record().Deadline; deadline.IsZero() != b.borrowed {
		t.Errorf("deadline = %v of a server that is borrowed: %t", deadline, b.borrowed)
	}
	endpoint := live.Endpoint()
	if endpoint.Engine == "" || endpoint.RTTSeconds <= 0 {
		t.Errorf("endpoint = %+v; want an engine and a round trip", endpoint)
	}
	if err := ask(t.Context(), endpoint, b.spec.Env.Getenv); err != nil {
		t.Errorf("the ready endpoint does not answer: %v", err)
	}
	if err := live.Alive(t.Context()); err != nil {
		t.Errorf("alive: %v", err)
	}
	if lines, err := live.Logs(t.Context(), 3); err != nil || len(lines) > 3 {
		t.Errorf("logs: %q, %v; want at most 3 lines", lines, err)
	}
	if err := kind.Release(t.Context(), b.spec.Env, live.Record()); err != nil {
		t.Fatalf("release: %v", err)
	}
	err = ask(t.Context(), endpoint, b.spec.Env.Getenv)
	if b.borrowed {
		if err != nil {
			t.Errorf("a borrowed server was ended: %v", err)
		}
		return
	}
	if err == nil {
		t.Error("the released endpoint still answers")
	}
	if err := live.Alive(t.Context()); err == nil {
		t.Error("the released server says that it is alive")
	}
}

func releaseElsewhere(t *testing.T, b *bench) {
	if b.Again == nil {
		t.Skip("servers of this provider end with their process")
	}
	_, live, err := b.acquire(t, &Ledger{})
	if err != nil {
		t.Fatalf("acquire: %v", err)
	}
	other := b.Again()
	elsewhere := deploy.New(other)
	found, err := other.List(t.Context(), b.spec.Scope, map[string]string{deploy.LabelRun: b.spec.Env.RunID})
	if err != nil || len(found) != 1 || string(found[0].ID) != live.Record().ID {
		t.Errorf("list by labels = %+v, %v; want the id %s", found, err, live.Record().ID)
	}
	if err := elsewhere.Release(t.Context(), b.spec.Env, live.Record()); err != nil {
		t.Fatalf("release: %v", err)
	}
	if err := ask(t.Context(), live.Endpoint(), b.spec.Env.Getenv); err == nil {
		t.Error("the released endpoint still answers")
	}
}

// releaseAbsent: an executor releases whatever the ledger still has before it tries a deployment again, so that a release of nothing must be
// quick and no error.
func releaseAbsent(t *testing.T, b *bench) {
	kind, live, err := b.acquire(t, &Ledger{})
	if err != nil {
		t.Fatalf("acquire: %v", err)
	}
	gone := live.Record()
	never := gone
	never.Token, never.ID = "ix-never-was", ""
	unlisted := gone
	unlisted.ID = ""
	for _, r := range []struct {
		what   string
		record stage.Record
	}{
		{"an intent without a creation", never},
		{"a server that is there", gone},
		{"the same again", gone},
		{"the same by its token", unlisted},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), releaseTimeout)
		if err := kind.Release(ctx, b.spec.Env, r.record); err != nil {
			t.Errorf("release of %s: %v", r.what, err)
		}
		cancel()
	}
}

// releaseTimeout is far above what a release takes and far below what a wait for a node does.
const releaseTimeout = 30 * time.Second

func brokenLedger(t *testing.T, b *bench) {
	full := errors.New("no space left on device")
	_, _, err := b.acquire(t, &Ledger{Fail: full})
	if !errors.Is(err, full) {
		t.Fatalf("acquire: %v; want %v", err, full)
	}
	if got := b.list(t, map[string]string{deploy.LabelRun: b.spec.Env.RunID}); len(got) != 0 {
		t.Errorf("it left %v", got)
	}
}
