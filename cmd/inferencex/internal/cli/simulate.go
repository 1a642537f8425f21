package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	provider "github.com/strangeloopio/inferencex/stages/deploy/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

func newSimulate(app *App) *cobra.Command {
	f := simulateFlags{}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Serve a simulated model that any OpenAI client can use",
		Long: `simulate answers as a vLLM server does, with a first-principles model of time and power in place of a GPU.
It runs until ^C or SIGTERM.

  POST /v1/chat/completions, /v1/completions   text or token ids, in a stream or not
  GET  /v1/models, /health, /version           and POST /tokenize, /detokenize
  GET  /metrics                                under vLLM's names
  GET  /simulator/info, /simulator/power       what is simulated, and the GPUs' power
  GET  /simulator/power.csv                    a log of the power, a row a second and GPU
  GET  /simulator/requests, /simulator/lag     when the server wrote what, and how far off its schedule
  POST /simulator/faults                       what shall go wrong next

All times are simulated ones: at -speed 4, a second of the wall clock is four of the server's. A machine carries so many chunks a
second of its own; beyond that they come late, and /simulator/info says by how much.`,
		Example: `  inferencex simulate -gpus 2 -port 8000
  curl http://127.0.0.1:8000/v1/models

  inferencex simulate -model meta-llama/Llama-3.1-8B -gpu H200 -max-num-seqs 64 -enable-prefix-caching
  inferencex simulate -speed 10 -startup 60s -fault http_429 -fault '{"kind":"stall","after_chunks":5,"stall_seconds":3}'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.config()
			if err != nil {
				return &exitError{ExitConfig, err}
			}
			return app.simulate(cmd, cfg, net.JoinHostPort(f.host, fmt.Sprint(f.port)))
		},
	}
	f.register(cmd.Flags())
	cmd.AddCommand(newSimulateSMI(app))
	return cmd
}

// simulateFlags are the verb's flags.
type simulateFlags struct {
	cfg     simulator.Config
	host    string
	port    int
	startup time.Duration
	model   string // its description
	board   string
	faults  []string
	engine  []string // vLLM's arguments, in the order given
}

func (f *simulateFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.cfg.Model, "model", "Qwen/Qwen3-8B-FP8", "`model` to simulate: "+strings.Join(hardware.ModelNames(), ", "))
	flags.StringSliceVar(&f.cfg.Served, "served-model-name", nil, "`names` under which it is served; default: the model")
	flags.StringVar(&f.cfg.GPUType, "gpu", simulator.DefaultGPU, "GPU `type`: "+strings.Join(hardware.GPUNames(), ", "))
	flags.IntVar(&f.cfg.GPUs, "gpus", 1, "`number` of GPUs, as tensor parallel size")
	flags.StringVar(&f.model, "architecture", "", "JSON `object` that describes a model of another name, as the suite's provider \"simulator\" does")
	flags.StringVar(&f.board, "board", "", "JSON `object` that describes a GPU type of another name, likewise")
	flags.StringVar(&f.cfg.Profile, "profile", simulator.DefaultProfile, "`profile` of what surrounds the GPUs: "+strings.Join(hardware.ProfileNames(), ", "))
	flags.Float64Var(&f.cfg.Speed, "speed", 1, "simulated `seconds` in one of the wall clock")
	flags.Uint64Var(&f.cfg.Seed, "seed", 0, "`seed` of all randomness")
	flags.DurationVar(&f.startup, "startup", 0, "simulated `time` until the server is ready, such as 90s")
	flags.BoolVar(&f.cfg.ExactPower, "exact-power", false, "power sensors without calibration error")
	flags.StringArrayVar(&f.faults, "fault", nil, "`what` goes wrong: a kind, or a JSON object as for POST /simulator/faults; may be given again for the next")
	flags.StringVar(&f.host, "host", "127.0.0.1", "`address` to listen on")
	flags.IntVar(&f.port, "port", 8000, "`port` to listen on; 0: any free one")
	for _, a := range simulator.Arguments() {
		flag := flags.VarPF(&engineFlag{a, &f.engine}, strings.TrimPrefix(a.Name, "--"), "", "vLLM's: "+a.Doc)
		if a.Value == "" {
			flag.NoOptDefVal = "true"
		}
	}
}

// engineFlag is an argument of vLLM as a flag: it notes what was given, for the simulator to read.
type engineFlag struct {
	argument simulator.Argument
	given    *[]string
}

func (e *engineFlag) String() string { return "" }

func (e *engineFlag) Type() string {
	if e.argument.Value == "" {
		return "bool"
	}
	return e.argument.Value
}

func (e *engineFlag) Set(value string) error {
	if e.argument.Value == "" {
		*e.given = append(*e.given, e.argument.Name)
	} else {
		*e.given = append(*e.given, e.argument.Name+"="+value)
	}
	return nil
}

// config is the server that the flags ask for, as far as they can be judged one by one.
func (f *simulateFlags) config() (simulator.Config, error) {
	cfg := f.cfg
	switch {
	case f.port < 0 || f.port > 65535:
		return cfg, fmt.Errorf("-port %d: want 0 to 65535", f.port)
	case cfg.GPUs < 1:
		return cfg, fmt.Errorf("-gpus %d: want at least 1", cfg.GPUs)
	case cfg.Speed == 0:
		return cfg, errors.New("-speed 0: want more than that")
	}
	cfg.StartupSeconds = f.startup.Seconds()
	if f.model != "" {
		if err := provider.DescribeModel(&cfg, f.model); err != nil {
			return cfg, fmt.Errorf("-%w", err)
		}
	}
	if f.board != "" {
		if err := provider.DescribeGPU(&cfg, f.board); err != nil {
			return cfg, fmt.Errorf("-%w", err)
		}
	}
	for _, text := range f.faults {
		fault, err := parseFault(text)
		if err != nil {
			return cfg, fmt.Errorf("-fault %s: %w", text, err)
		}
		cfg.Faults = append(cfg.Faults, fault)
	}
	if wrong := cfg.Honour(f.engine); len(wrong) > 0 {
		return cfg, fmt.Errorf("simulator: %s", strings.Join(wrong, "; "))
	}
	return cfg, nil
}

// parseFault reads a fault: its kind alone, or a JSON object.
func parseFault(text string) (simulator.Fault, error) {
	var fault simulator.Fault
	if !strings.HasPrefix(text, "{") {
		text = fmt.Sprintf(`{"kind":%q}`, text)
	}
	err := json.Unmarshal([]byte(text), &fault)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fault, fmt.Errorf("%w; want one JSON object, and -fault again for another", err)
	}
	return fault, err
}

func (a *App) simulate(cmd *cobra.Command, cfg simulator.Config, address string) error {
	server, err := simulator.New(cfg)
	if err != nil {
		return &exitError{ExitConfig, err}
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return exit(ExitError, "%s is in use; choose another -port, or 0 for any free one", address)
	}
	if err != nil {
		return exit(ExitError, "listen: %w", err)
	}
	info := server.Info()
	fmt.Fprintf(a.Stdout, "Simulating %s on %d × %s (profile %s, %g simulated seconds a second) at http://%s\n",
		strings.Join(info.Served, ", "), info.GPUs, info.GPUType, info.Profile, info.Speed, listener.Addr())
	err = server.Serve(ctx, listener)
	var failed *simulator.StartupError
	if errors.As(err, &failed) {
		for _, line := range failed.Lines { // for whoever reads the log of a server that did not start
			fmt.Fprintln(a.Stderr, line)
		}
	}
	return err
}
