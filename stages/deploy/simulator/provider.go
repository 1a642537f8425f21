// Package simulator is the provider of simulated servers: each runs inside this process, on a loopback port of its own.
//
// Invariant: what Check lets pass, Create starts, and it runs as the deployment's configuration says, but for a speed that this machine does not
// carry, which is lowered and told.
package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// Provider runs simulated servers inside this process, each on a loopback port of its own. Visible to List are those of this Provider:
// they end with the process.
type Provider struct {
	mu      sync.Mutex
	running map[deploy.Token]*instance
}

var (
	_ deploy.Provider  = (*Provider)(nil)
	_ deploy.InProcess = (*Provider)(nil)
)

// NewProvider returns a provider without servers.
func NewProvider() *Provider { return &Provider{running: map[deploy.Token]*instance{}} }

// Type is "simulator".
func (*Provider) Type() string { return "simulator" }

// instance is one running server.
type instance struct {
	id     deploy.ID
	labels map[string]string
	server *simulator.Server
	listen net.Listener
	crew   crew.Crew // of the goroutine that serves
	done   chan struct{}

	mu  sync.Mutex
	log []string
	end string // how Serve ended; read once done is closed
}

// Create starts a server.
func (p *Provider) Create(ctx context.Context, token deploy.Token, spec deploy.Spec) (deploy.ID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.running[token]; i != nil {
		return i.id, nil
	}
	cfg, err := configure(token, spec)
	if err != nil {
		return "", stage.Fail(stage.Permanent, "bad_config", err)
	}
	if moot := cfg.Honour(spec.Deployment.Engine.Args); len(moot) > 0 {
		return "", stage.Failf(stage.Permanent, "bad_config", "engine: %s", strings.Join(moot, "; "))
	}
	lowered, err := lowerSpeed(&cfg, spec.Demands)
	if err != nil {
		return "", stage.Fail(stage.Permanent, "bad_config", err)
	}
	server, err := simulator.New(cfg)
	if err != nil {
		return "", stage.Fail(stage.Permanent, "bad_config", err)
	}
	listen, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return "", errors.Join(err, listen.Close())
	}
	i := &instance{
		id: deploy.ID(listen.Addr().String()), labels: spec.Labels, server: server, listen: listen, done: make(chan struct{}),
	}
	info := server.Info()
	i.say(fmt.Sprintf("simulated %s on %d × %s at %s, speed %g", info.Model, info.GPUs, info.GPUName, i.id, info.Speed))
	if lowered != "" {
		i.say(lowered)
		spec.Env.Log.Warn(lowered)
	}
	i.crew.Go(func() error { return i.serve(spec.TTL) })
	p.running[token] = i
	return i.id, nil
}

// serve runs the server until it ends or its time is over. It returns why, but for a server that was closed.
func (i *instance) serve(ttl time.Duration) error {
	defer close(i.done)
	// Detached from the creating call, which ends long before the server.
	ctx, cancel := context.WithTimeout(context.Background(), ttl)
	defer cancel()
	err := crew.Catch(func() error { return i.server.Serve(ctx, i.listen) })
	var failed *simulator.StartupError
	switch panicked := crew.PanicIn(err); {
	case panicked != nil:
		for line := range strings.SplitSeq(err.Error(), "\n") {
			i.say(line)
		}
		i.end = crew.Brief(panicked) // the stack is in the log
	case errors.As(err, &failed):
		for _, line := range failed.Lines {
			i.say(line)
		}
		i.end = simulator.ErrStartup.Error() // why is in the log, as with any other server
	case err != nil:
		i.end = err.Error()
	case ctx.Err() != nil:
		i.end = fmt.Sprintf("its time limit of %s has passed", ttl)
	default:
		i.end = "closed"
	}
	i.say(i.end)
	return err
}

// panicked returns the panic by which the server ends. What clients see of it comes later.
func (i *instance) panicked() error {
	select {
	case <-i.done:
		if err := i.crew.Wait(); crew.PanicIn(err) != nil {
			return err
		}
		return nil
	default:
		return i.server.Panicked()
	}
}

func (i *instance) say(line string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.log = append(i.log, line)
}

func (p *Provider) find(token deploy.Token) *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running[token]
}

// Panicked returns the panic by which a server of this provider has ended.
func (p *Provider) Panicked(token deploy.Token) error {
	if i := p.find(token); i != nil {
		return i.panicked()
	}
	return nil
}

// Inspect looks whether the server runs.
func (p *Provider) Inspect(_ context.Context, h deploy.Handle) (deploy.Status, error) {
	i := p.find(h.Token)
	if i == nil {
		return deploy.Status{Gone: true, Detail: "no such server in this process"}, nil
	}
	select {
	case <-i.done:
		return deploy.Status{Gone: true, Detail: i.end}, nil
	default:
	}
	return deploy.Status{Server: &deploy.Server{
		URL: "http://" + string(i.id), Models: []string{string(h.Token)}, Unique: true,
	}}, nil
}

// Logs returns what the server said of its start and end.
func (p *Provider) Logs(_ context.Context, h deploy.Handle, lines int) ([]string, error) {
	i := p.find(h.Token)
	if i == nil {
		return nil, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string(nil), i.log[max(0, len(i.log)-lines):]...), nil
}

// Destroy closes the server and waits until it has ended.
func (p *Provider) Destroy(_ context.Context, h deploy.Handle) error {
	i := p.find(h.Token)
	if i == nil {
		return nil
	}
	err := i.server.Close()
	<-i.done
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, h.Token)
	return err
}

// List returns the servers of this provider with these labels.
func (p *Provider) List(_ context.Context, _ deploy.Scope, labels map[string]string) ([]deploy.Resource, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[deploy.Token]deploy.Resource{}
	for token, i := range p.running {
		if deploy.Matches(i.labels, labels) {
			found[token] = deploy.Resource{Token: token, ID: i.id, Labels: i.labels}
		}
	}
	return deploy.Sorted(found), nil
}
