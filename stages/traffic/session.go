package traffic

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
)

// Options are the arguments that the suite's blocks of the stages load and warmup take.
type Options struct {
	MaxTokensField string `json:"max_tokens_field"`
	HTTP           string `json:"http"`
}

// Body says the arguments in the suite's language.
func Body() block.Body {
	return block.Body{
		Doc: "How requests are sent.",
		Args: []block.Arg{{
			Name: "max_tokens_field", Type: cty.String, OneOf: []string{"max_tokens", "max_completion_tokens"}, Default: cty.StringVal("max_tokens"),
			Doc: "Name under which a request carries the length of its answer; some chat servers take only max_completion_tokens.",
		}, {
			Name: "http", Type: cty.String, OneOf: []string{"1.1", "2"}, Default: cty.StringVal("1.1"),
			Doc: "Version of HTTP that requests use. 1.1 has a connection for each request in flight, as most clients of inference servers do. 2 shares one among many, if the server speaks it.",
		}},
	}
}

// Job is what a session is to do.
type Job struct {
	Endpoint stage.Endpoint
	Workload stage.Workload
	Options  json.RawMessage // Options as JSON; may be empty
	Requests int             // 0: until the load model ends
	// Connections are dialled before the first request: as many as are expected to be in flight. Where the load model is open, more are dialled as
	// more become so.
	Connections int
	// MaxInFlight bounds what is in flight: a request that is due when so many are is dropped. 0: none is.
	MaxInFlight int
	// RequestTimeout ends a request that takes longer, in server seconds; 0: none does.
	RequestTimeout time.Duration
	// SecretHeaders are those of each request whose values env.Secret gives, by their names there.
	SecretHeaders map[string]string
	// CutAfter ends what is in flight so long after Run began, in server seconds: such requests are unfinished, not failed. 0: nothing is cut off.
	CutAfter time.Duration
	// Quiet is how long, in wall time, nothing is asked of the server between what makes it ready and the first request.
	Quiet   time.Duration
	Purpose prompt.Purpose
	// Trial is the one that the lengths of the requests are drawn for. LongestFirst puts the one with the longest prompt of it in front.
	Trial        int
	LongestFirst bool
	Seed         int64  // the suite's
	Scope        string // sets the job's prompts apart from another's
	Nonce        string // sets them apart from those of the same job before; empty where there was none
	ID           string // sets the job's request ids apart from another's
}

// Session is a server made ready for a job: prompts fitted and encoded ahead, connections dialled. It is for one Run and then closed.
type Session struct {
	Clock  *stage.Clock
	Client *client.Client
	Fit    prompt.Fit

	job    Job
	author *author
	feed   *feed
}

// Nonce returns what sets the prompts of a job apart from those that the server may have seen of the same job before, and has in its prefix
// cache: of an earlier attempt, and on a borrowed server of an earlier run. On a server that was started for the run a first attempt needs none, so that the
// same suite and seed give the same bytes on the wire.
func Nonce(endpoint stage.Endpoint, runID string, attempt int) string {
	if !endpoint.Borrowed && attempt <= 1 {
		return ""
	}
	return fmt.Sprintf("%s/%d", runID, attempt)
}

// Prepare makes the server ready. Errors are classed.
func Prepare(ctx context.Context, env stage.Env, job Job) (*Session, error) {
	var options Options
	if len(job.Options) > 0 {
		if err := json.Unmarshal(job.Options, &options); err != nil {
			return nil, fmt.Errorf("read the stage's arguments: %w", err)
		}
	}
	s := &Session{job: job, Clock: stage.NewClock(env.Now, job.Endpoint.Clock)}
	secret := map[string]string{}
	for header, name := range job.SecretHeaders {
		secret[header] = env.Secret(name)
	}
	var err error
	s.Client, err = client.New(client.Config{
		Endpoint: job.Endpoint, Headers: job.Workload.Headers, SecretHeaders: secret,
		Getenv: env.Getenv, Clock: s.Clock, MaxTokensField: options.MaxTokensField, HTTP: options.HTTP,
	})
	if err != nil {
		return nil, stage.Fail(stage.Permanent, "bad_endpoint", err)
	}
	if err := s.prepare(ctx, env); err != nil {
		s.Close()
		return nil, crew.Worst(err, s.Client.Err()) // the requests of a client whose loop has panicked fail
	}
	return s, nil
}

func (s *Session) prepare(ctx context.Context, env stage.Env) error {
	a, err := newAuthor(s.job, env)
	if err != nil {
		return err
	}
	a.clock = s.Clock
	longest, err := a.prepare(ctx, s.Client)
	if err != nil {
		return err
	}
	if s.Fit = a.source.Fit(); s.Fit.TokenizerMismatch {
		left := "which is left out"
		if a.texts != nil {
			left = "which has counted the dataset"
		}
		env.Log.Warn("the server makes other tokens of a text than the model's tokenizer.json, " + left + ": is it of another model?")
	}
	s.author, s.feed = a, newFeed(ctx, ahead(s.job.Connections, longest), a.begin)
	if err := s.feed.wait(ctx); err != nil {
		return err
	}
	// Before the connections are made: servers close those that are idle for some seconds.
	if err := pause(ctx, s.job.Quiet); err != nil {
		return err
	}
	if err := s.Client.Warm(ctx, s.job.Connections); err != nil {
		return stage.Fail(stage.Transient, "endpoint_gone", err)
	}
	return nil
}

const (
	fewestAhead = 64       // requests that are encoded ahead of the clock, where they are short
	mostAhead   = 64 << 20 // bytes that they take, about
	tokenBytes  = 8        // of a token in a request
)

// ahead returns how many requests are encoded ahead of the clock, the longest of so many tokens.
func ahead(connections, longest int) int {
	return min(max(2*connections, fewestAhead), max(1, mostAhead/(tokenBytes*longest)))
}

// Enough ends the sending before the job's requests are all sent. What is in flight is still answered.
func (s *Session) Enough() { s.feed.drop() }

// Nonce returns the job's.
func (s *Session) Nonce() string { return s.job.Nonce }

// Close lets go of what the session holds. Run must have returned.
func (s *Session) Close() {
	if s.feed != nil {
		_ = s.feed.close() // Run has returned its error
	}
	s.Client.Close()
}
