package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// Create starts a guard, and it the server.
func (p *Provider) Create(ctx context.Context, token deploy.Token, spec deploy.Spec) (deploy.ID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own := p.running[token]; own != nil {
		if ended, _ := own.ended(); !ended {
			return own.id, nil
		}
	}
	found, err := p.List(ctx, spec.Scope, map[string]string{deploy.LabelToken: string(token)})
	if err != nil {
		return "", err
	}
	if len(found) > 0 && found[0].ID != "" {
		return found[0].ID, nil
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	started, err := p.start(token, spec)
	if err != nil {
		return "", err
	}
	p.running[token] = started
	return started.id, nil
}

// start runs the guard for a new server.
func (p *Provider) start(token deploy.Token, spec deploy.Spec) (*instance, error) {
	if len(p.config.Guard) == 0 {
		return nil, errors.New("the process provider was made without a guard command")
	}
	port, err := p.choosePort(block.String(spec.Args, "host"), block.Int(spec.Args, "port"))
	if err != nil {
		return nil, err
	}
	argv, err := p.command(token, spec, port)
	if err != nil {
		return nil, err
	}
	env, err := environment(token, spec, port)
	if err != nil {
		return nil, err
	}
	server, err := describe(spec.Args, spec.Deployment, spec.Env, token, port)
	if err != nil {
		return nil, err
	}
	log, err := openLog(token, spec)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	i := &instance{server: server, log: log.Name(), done: make(chan struct{}), secrets: secretsOf(spec)}
	if err := i.run(p.config.Guard, guardArgs(spec.TTL, block.Time(spec.Args, "grace"), argv), env, block.String(spec.Args, "workdir"), log); err != nil {
		return nil, err
	}
	if i.id, err = newID(i.cmd.Process.Pid, port); err != nil { // the guard ends with its leash
		i.leash.Close()
	}
	i.crew.Go(i.wait)
	if err != nil {
		<-i.done
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	return i, nil
}

// run starts the guard.
func (i *instance) run(guard, args, env []string, workdir string, log *os.File) error {
	hold, leash, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the guard: %w", err)
	}
	defer hold.Close()
	i.leash = leash
	i.cmd = exec.Command(guard[0], append(slices.Clone(guard[1:]), args...)...)
	i.cmd.Env, i.cmd.Dir = env, workdir
	i.cmd.Stdin, i.cmd.Stdout, i.cmd.Stderr = hold, log, log
	i.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // ^C in a terminal is for inferencex alone
	if err := i.cmd.Start(); err != nil {
		leash.Close()
		return fmt.Errorf("start the guard: %w", err)
	}
	return nil
}

// wait notes how the guard ends.
func (i *instance) wait() error {
	defer close(i.done)
	defer i.leash.Close() // a guard that nobody waits for ends its server
	return crew.Catch(func() error {
		i.code = "exit status 0"
		if err := i.cmd.Wait(); err != nil {
			i.code = err.Error()
			if signal := i.cmd.ProcessState.ExitCode() - codeSignalled; signal > 0 { // the guard tells it so
				i.code += fmt.Sprintf(" (%v)", syscall.Signal(signal))
			}
		}
		return nil
	})
}

// command is what the guard runs: the engine's own or that of its kind, with its args behind.
func (p *Provider) command(token deploy.Token, spec deploy.Spec, port int) ([]string, error) {
	d := spec.Deployment
	s := server{
		model: d.Model.Repo, revision: d.Model.Revision, alias: string(token),
		host: block.String(spec.Args, "host"), port: port, gpus: d.GPUs, gpuType: d.GPUType,
	}
	var argv []string
	if len(d.Engine.Command) > 0 {
		var err error
		if argv, err = fill(d.Engine.Command, s); err != nil {
			return nil, err
		}
	} else {
		program := block.String(spec.Args, "program")
		if d.Engine.Kind == simulator && program == "" {
			program = p.config.Simulator
		}
		argv = preset(d.Engine.Kind, program, s)
	}
	if len(argv) == 0 {
		return nil, stage.Failf(stage.Permanent, "bad_config", "engine %q has no command", d.Engine.Kind)
	}
	if _, err := exec.LookPath(argv[0]); err != nil {
		return nil, stage.Failf(stage.Permanent, "no_program", "%w: install it, or say where it is with the provider's program or the engine's command", err)
	}
	return append(argv, d.Engine.Args...), nil
}

// environment is this process's own with the suite's variables and the marks.
func environment(token deploy.Token, spec deploy.Spec, port int) ([]string, error) {
	labels := url.Values{}
	for name, value := range spec.Labels {
		labels.Set(name, value)
	}
	env := append(os.Environ(), spec.EngineEnv.Strings()...) // as from a shell: engines need PATH, HOME, caches and more
	if spec.Deployment.GPUs > 0 {
		ids, err := gpuIDs(spec.Args, spec.Deployment.GPUs, spec.Env.Getenv)
		if err != nil {
			return nil, err
		}
		env = append(env, "CUDA_VISIBLE_DEVICES="+strings.Join(ids, ","))
	}
	if name := block.String(spec.Args, "api_key_env"); name != "" && spec.Env.Getenv(name) != "" {
		env = append(env, name+"="+spec.Env.Getenv(name))
	}
	return append(env,
		tokenVariable+"="+string(token),
		labelsVariable+"="+labels.Encode(),
		guardVariable+"="+strconv.Itoa(port)), nil
}

// secretsOf returns what of a server's environment is secret: the suite's sensitive variables, and the key that it asks for.
func secretsOf(spec deploy.Spec) deploy.Environment {
	secrets := slices.Clone(spec.EngineEnv)
	if name := block.String(spec.Args, "api_key_env"); name != "" {
		secrets = append(secrets, deploy.Variable{Name: name, Value: spec.Env.Getenv(name), Secret: true})
	}
	return secrets
}

// choosePort returns a port that nothing listens at. Engines bind with SO_REUSEPORT and would share it without a word.
func (p *Provider) choosePort(host string, wanted int) (int, error) {
	for range 100 {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(wanted)))
		if err != nil {
			return 0, stage.Failf(stage.Transient, "port_in_use",
				"port %d of %s cannot be used: %w: end what listens there, or leave port out to take a free one", wanted, host, err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			return 0, fmt.Errorf("give port %d back: %w", port, err)
		}
		if wanted != 0 || !p.reserved(port) {
			return port, nil
		}
	}
	return 0, stage.Failf(stage.Transient, "port_in_use", "%s has no free port", host)
}

// reserved reports whether a server that was started already, but may not listen yet, has the port.
func (p *Provider) reserved(port int) bool {
	for _, i := range p.running {
		if ended, _ := i.ended(); !ended && strings.HasSuffix(i.server.URL, ":"+strconv.Itoa(port)) {
			return true
		}
	}
	return false
}

// openLog makes the file that the server writes to. The last words of one that was started before with the token are gone
// with it: they would pass for this server's.
func openLog(token deploy.Token, spec deploy.Spec) (*os.File, error) {
	path := filepath.Join(spec.Dir, "server.log")
	if dir := block.String(spec.Args, "log_dir"); dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the folder of logs: %w", err)
		}
		path = filepath.Join(dir, string(token)+".log")
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	return log, nil
}
