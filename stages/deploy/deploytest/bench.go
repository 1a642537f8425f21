package deploytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// bench is one subject ready to use.
type bench struct {
	Subject
	spec     deploy.Spec
	config   json.RawMessage
	borrowed bool
}

func newBench(t *testing.T, s Subject) *bench {
	t.Helper()
	var args cty.Value
	s.Deployment, args = Under(t, s.Provider, s.Args, s.Deployment)
	if s.Timeout == 0 {
		s.Timeout = time.Minute
	}
	config, err := json.Marshal(stage.DeployConfig{
		Deployment: s.Deployment, TTL: stage.Duration(10 * time.Minute), StartupTimeout: stage.Duration(s.Timeout),
	})
	if err != nil {
		t.Fatal(err)
	}
	env := Env(s.Getenv)
	_, borrowed := s.Provider.(deploy.Borrower)
	return &bench{
		Subject: s, config: config, borrowed: borrowed,
		spec: deploy.Spec{
			Scope: deploy.Scope{Args: args, Env: env}, Deployment: s.Deployment, TTL: 10 * time.Minute, Dir: t.TempDir(),
		},
	}
}

// runs counts benches, so that no two tokens of a test binary are equal.
var runs atomic.Int64

// Env is the world of a test: the wall clock and this environment.
func Env(getenv func(string) string) stage.Env {
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	return stage.Env{RunID: fmt.Sprintf("test-%d-%d", time.Now().UnixNano(), runs.Add(1)), Now: time.Now, Getenv: getenv}
}

// create makes a server and sees to it that it is destroyed after the test.
func (b *bench) create(t *testing.T) deploy.Handle {
	t.Helper()
	token := deploy.Token(fmt.Sprintf("ix-test-%d-%d", time.Now().UnixNano(), runs.Add(1)))
	b.spec.Labels = map[string]string{deploy.LabelToken: string(token), deploy.LabelRun: b.spec.Env.RunID}
	h := deploy.Handle{Scope: b.spec.Scope, Deployment: b.Deployment, Token: token}
	t.Cleanup(func() { b.destroy(t, h) })
	h.ID = b.must(b.Provider.Create(t.Context(), token, b.spec))(t)
	if h.ID == "" {
		t.Error("create returned no id")
	}
	return h
}

func (b *bench) must(id deploy.ID, err error) func(*testing.T) deploy.ID {
	return func(t *testing.T) deploy.ID {
		t.Helper()
		if err != nil {
			t.Fatalf("create: %v", err)
		}
		return id
	}
}

// destroy does not use t's context, which has ended when cleanups run.
func (b *bench) destroy(t *testing.T, h deploy.Handle) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.Provider.Destroy(ctx, h); err != nil {
		t.Errorf("destroy: %v", err)
	}
}

// list returns the tokens of this bench's servers.
func (b *bench) list(t *testing.T, labels map[string]string) []deploy.Token {
	t.Helper()
	found, err := b.Provider.List(t.Context(), b.spec.Scope, labels)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	var tokens []deploy.Token
	for _, r := range found {
		tokens = append(tokens, r.Token)
	}
	if !slices.IsSorted(tokens) {
		t.Errorf("list is not sorted: %v", tokens)
	}
	return tokens
}

// ask sends one request for one token.
func ask(ctx context.Context, e stage.Endpoint, getenv func(string) string) error {
	body, err := json.Marshal(map[string]any{"model": e.Model, "prompt": "Once upon a time", "max_tokens": 1})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+"/v1/completions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Close = true // an old connection would outlive the listener
	req.Header.Set("Content-Type", "application/json")
	if e.APIKeyEnv != "" {
		req.Header.Set("Authorization", "Bearer "+getenv(e.APIKeyEnv))
	}
	for name, value := range e.Headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("POST /v1/completions: %s", res.Status)
	}
	return nil
}
