// Package process serves models by child processes of this machine.
//
// Its invariant: every process of a server carries the server's token in its environment and lives below a guard, which ends when the
// last of them has ended and ends them all when inferencex dies or the time limit passes. Visible to List are the processes of this
// machine that belong to the same user.
package process

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// The marks in the environment of a server's processes.
const (
	tokenVariable  = "INFERENCEX_TOKEN"
	labelsVariable = "INFERENCEX_LABELS"
	guardVariable  = "INFERENCEX_GUARD" // only the guard has it: the server's port
)

// Config says how this program starts copies of itself.
type Config struct {
	// Guard is the command that runs Guard with the arguments behind it, such as {"/proc/self/exe", "guard"}. Required.
	Guard []string
	// Simulator is the program whose verb "simulate" is the simulated server. Empty: an engine of kind "simulator" needs the argument program.
	Simulator string
}

// Provider runs servers as child processes.
type Provider struct {
	config Config

	mu      sync.Mutex
	running map[deploy.Token]*instance // those that this process started
}

var (
	_ deploy.Provider    = (*Provider)(nil)
	_ deploy.GPULister   = (*Provider)(nil)
	_ deploy.PortChooser = (*Provider)(nil)
	_ deploy.InProcess   = (*Provider)(nil)
)

// New returns the provider.
func New(config Config) *Provider {
	return &Provider{config: config, running: map[deploy.Token]*instance{}}
}

// Type is "process".
func (*Provider) Type() string { return "process" }

// Panicked returns the panic by which nobody waits for a server's guard any more.
func (p *Provider) Panicked(token deploy.Token) error {
	if own := p.own(token); own != nil {
		return own.crew.Err()
	}
	return nil
}

// ChoosesPort reports whether the suite leaves the port to this provider.
func (*Provider) ChoosesPort(scope deploy.Scope) bool { return block.Int(scope.Args, "port") == 0 }

// Inspect looks whether the server's guard is there.
func (p *Provider) Inspect(_ context.Context, h deploy.Handle) (deploy.Status, error) {
	if own := p.own(h.Token); own != nil {
		if ended, detail := own.ended(); ended {
			return deploy.Status{Gone: true, Detail: detail}, nil
		}
		return deploy.Status{Server: own.server}, nil
	}
	where, err := parseID(h.ID)
	if err != nil {
		return deploy.Status{}, err
	}
	if err := where.here(); err != nil {
		return deploy.Status{}, err
	}
	if _, there := where.guard(h.Token); !there {
		return deploy.Status{Gone: true, Detail: fmt.Sprintf("process %d has ended", where.pid)}, nil
	}
	server, err := describe(h.Args, h.Deployment, h.Env, h.Token, where.port)
	return deploy.Status{Server: server}, err
}

// describe says where a server answers and under which names.
func describe(args cty.Value, d stage.Deployment, env stage.Env, token deploy.Token, port int) (*deploy.Server, error) {
	s := &deploy.Server{
		URL:       "http://" + net.JoinHostPort(reach(block.String(args, "host")), strconv.Itoa(port)),
		Models:    []string{string(token), d.Model.Repo},
		Unique:    true,
		APIKeyEnv: block.String(args, "api_key_env"),
	}
	if command := d.Engine.Command; len(command) > 0 && !passes(command, "{alias}") {
		s.Unique = false
		s.Models = []string{d.Model.Repo}
		if name := block.String(args, "model"); name != "" {
			s.Models = []string{name}
		}
	}
	if block.String(args, "power") == "nvidia-smi" && d.GPUs > 0 && deploy.HasNvidiaSMI() {
		ids, err := gpuIDs(args, d.GPUs, env.Getenv)
		if err != nil {
			return nil, err
		}
		s.Power = stage.PowerSource{Kind: "nvidia-smi", Devices: ids}
	}
	return s, nil
}

// reach is the address at which a server that listens everywhere is reached from here.
func reach(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return "localhost"
	}
	return host
}

// GPUs are those of this machine that the server may use.
func (*Provider) GPUs(ctx context.Context, h deploy.Handle) ([]stage.DeviceGPU, error) {
	ids, err := gpuIDs(h.Args, h.Deployment.GPUs, h.Env.Getenv)
	if err != nil {
		return nil, err
	}
	return deploy.LocalGPUs(ctx, ids)
}

// gpuIDs are the GPUs that a deployment takes.
func gpuIDs(args cty.Value, need int, getenv func(string) string) ([]string, error) {
	ids, from := block.Strings(args, "gpu_ids"), "gpu_ids"
	if visible := getenv("CUDA_VISIBLE_DEVICES"); ids == nil && visible != "" {
		ids, from = strings.Split(visible, ","), "CUDA_VISIBLE_DEVICES"
	}
	if ids == nil {
		for i := range need {
			ids = append(ids, strconv.Itoa(i))
		}
	}
	if len(ids) < need {
		return nil, stage.Failf(stage.Permanent, "bad_config", "%s names %s, the deployment needs %d", from, plural.Of(len(ids), "GPU"), need)
	}
	return slices.Clone(ids[:need]), nil
}

// instance is a server that this process started.
type instance struct {
	id     deploy.ID
	server *deploy.Server
	log    string
	cmd    *exec.Cmd // the guard
	leash  *os.File  // the guard's standard input: when it closes the server ends
	crew   crew.Crew // of the goroutine that waits for the guard
	done   chan struct{}
	code   string // set before done is closed
	// secrets is what the server was given and nobody else is to read.
	secrets deploy.Environment
}

// ended reports whether nothing of the server is left, and how it ended.
func (i *instance) ended() (bool, string) {
	select {
	case <-i.done:
		return true, i.code + " (log: " + i.log + ")"
	default:
		return false, ""
	}
}

func (p *Provider) own(token deploy.Token) *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running[token]
}
