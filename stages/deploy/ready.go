package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/deploy/probe"
	"github.com/strangeloopio/inferencex/stages/deploy/startup"
)

// How the wait for a server goes.
const (
	firstPause    = 20 * time.Millisecond
	longestPause  = 2 * time.Second
	probeTimeout  = 10 * time.Second // one look at a server; a cold one may take a connection and be silent
	logEvery      = 5 * time.Second
	logGrace      = 15 * time.Second // from a root cause in the log of a server that lives on to giving up
	refusedGrace  = 10 * time.Second // from the first refused connection of a server that should be there
	logLines      = 400
	rttSamples    = 7
	identityLooks = 12 // connections: two servers that share a port pass for one with probability 2^-12
)

// errGone is the end of a server that is not ready yet.
var errGone = errors.New("the server ended during start-up")

// ready waits until the server is healthy and proves what it is.
func (a *acquisition) ready(ctx context.Context) (stage.Endpoint, error) {
	server, p, err := a.healthy(ctx)
	if err != nil {
		return stage.Endpoint{}, err
	}
	defer p.Close()
	a.env.Report(stage.Progress{Note: "checking " + server.URL})
	model, err := a.identify(ctx, p, server)
	if err != nil {
		return stage.Endpoint{}, err
	}
	if err := p.Complete(ctx, model); err != nil {
		return stage.Endpoint{}, stage.Failf(stage.Transient, "no_completion", "a first request to model %q: %w", model, err)
	}
	return a.inspect(ctx, p, server, model)
}

// waiting is what a wait for a server has seen so far.
type waiting struct {
	refusedSince, causeSince, logAt time.Time
	note                            string // the last thing that stood in the way
}

// healthy waits until GET /health answers 200, and watches the server and its log meanwhile.
func (a *acquisition) healthy(ctx context.Context) (*Server, *probe.Probe, error) {
	w := waiting{logAt: a.env.Now()}
	for pause := firstPause; ; pause = min(pause*3/2, longestPause) {
		server, p, err := a.look(ctx, &w)
		if err != nil || p != nil {
			return server, p, err
		}
		a.env.Report(stage.Progress{Note: "waiting: " + w.note})
		if err := a.watchLog(ctx, &w); err != nil {
			return nil, nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("wait for the server (%s): %w", w.note, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// look asks provider and server once. It returns neither a probe nor an error if there is reason to wait.
func (a *acquisition) look(ctx context.Context, w *waiting) (*Server, *probe.Probe, error) {
	status, err := a.status(ctx)
	switch {
	case err != nil && stage.ClassOf(err) == stage.Permanent && stage.ReasonOf(err) != "error":
		return nil, nil, err
	case err != nil:
		w.note = err.Error()
		return nil, nil, nil
	case status.Gone:
		return nil, nil, fmt.Errorf("%w: %s", errGone, status.Detail)
	case status.Server == nil:
		w.note = cmp.Or(status.Detail, "the provider has no address for it yet")
		return nil, nil, nil
	}
	secret, err := APIKey(status.Server.APIKeyEnv, a.env.Getenv)
	if err != nil {
		return nil, nil, err
	}
	p, err := probe.New(probe.Target{URL: status.Server.URL, Headers: status.Server.Headers, Key: secret, Trust: status.Server.Trust})
	if err != nil {
		return nil, nil, stage.Fail(stage.Permanent, "bad_url", err)
	}
	one, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := p.Health(one); err != nil {
		p.Close()
		w.note = err.Error()
		return nil, nil, a.hopeless(w, status.Server, err)
	}
	return status.Server, p, nil
}

// hopeless returns an error if waiting longer for a server that answers like this makes no sense.
func (a *acquisition) hopeless(w *waiting, server *Server, err error) error {
	var refused *probe.StatusError
	if errors.As(err, &refused) && (refused.Code == http.StatusUnauthorized || refused.Code == http.StatusForbidden) {
		return stage.Failf(stage.Permanent, "unauthorized", "%w: give the endpoint's key as api_key_env, or what else it wants as headers", err)
	}
	if _, borrowed := a.provider.(Borrower); !borrowed {
		return nil
	}
	if client.Untrusted(err) {
		return stage.Failf(stage.Permanent, "untrusted", "%w: name the certificate of the server's own authority in ca_file, or set insecure = true to trust anyone", err)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return stage.Failf(stage.Permanent, "unreachable", "%w: check url", err)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		w.refusedSince = time.Time{}
		return nil
	}
	if w.refusedSince.IsZero() {
		w.refusedSince = a.env.Now()
	}
	if a.env.Now().Sub(w.refusedSince) > refusedGrace {
		return stage.Failf(stage.Transient, "unreachable", "nothing listens at %s: start the server first, or check url: %w", server.URL, err)
	}
	return nil
}

// watchLog gives up on a server that lives on although its log names a root cause: some engines leave a front end behind.
func (a *acquisition) watchLog(ctx context.Context, w *waiting) error {
	now := a.env.Now()
	if now.Sub(w.logAt) < logEvery {
		return nil
	}
	w.logAt = now
	lines, err := a.logs(ctx, logLines)
	if crew.PanicIn(err) != nil {
		return err
	}
	if err != nil {
		a.env.Log.Debug("read the server's log", "id", a.handle.ID, "error", err)
		return nil
	}
	if _, found := startup.Classify(lines); !found {
		w.causeSince = time.Time{}
		return nil
	}
	if w.causeSince.IsZero() {
		w.causeSince = now
	}
	if now.Sub(w.causeSince) < logGrace {
		return nil
	}
	return fmt.Errorf("the server is up but cannot serve (%s)", w.note)
}

// identify returns the name to ask the server for, having made sure that all connections reach the one that this run means.
func (a *acquisition) identify(ctx context.Context, p *probe.Probe, server *Server) (string, error) {
	looks := 1
	if server.Unique {
		looks = identityLooks
	}
	for i := range looks {
		served, err := p.Models(ctx)
		if err != nil {
			return "", fmt.Errorf("ask which models it serves: %w", err)
		}
		name := first(server.Models, served)
		a.stranger = server.Unique && name != server.Models[0]
		switch {
		case name != "" && (!server.Unique || name == server.Models[0]):
			if i == looks-1 {
				return name, nil
			}
		case i > 0:
			return "", stage.Failf(stage.Permanent, "identity_mismatch",
				"connections to %s reach two servers: one is this run's, another serves %s; they share the port, so end the other one",
				server.URL, quoteAll(served))
		case server.Unique:
			return "", stage.Failf(stage.Permanent, "identity_mismatch",
				"%s is not this run's server: it serves %s and not the alias %s; another server has the port, or the command does not pass {alias} on",
				server.URL, quoteAll(served), server.Models[0])
		default:
			return "", stage.Failf(stage.Permanent, "identity_mismatch",
				"%s serves %s, not %s: set the provider's model to a name that it serves", server.URL, quoteAll(served), quoteAll(server.Models))
		}
	}
	panic("unreachable")
}

// first returns the first of the wanted names that is among those served.
func first(wanted, served []string) string {
	for _, name := range wanted {
		for _, s := range served {
			if s == name {
				return name
			}
		}
	}
	return ""
}

// quoteAll lists names in an error.
func quoteAll(names []string) string {
	if len(names) == 0 {
		return "no model"
	}
	return `"` + strings.Join(names, `", "`) + `"`
}
