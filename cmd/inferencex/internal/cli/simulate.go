package cli

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
)

func newSimulate(app *App) *cobra.Command {
	var cfg simulator.Config
	var host string
	var port int
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Serve a simulated model that any OpenAI client can use",
		Long: `simulate answers as a vLLM server does, with a first-principles model of time and power in place of a GPU.
It runs until ^C or SIGTERM.`,
		Example: `  inferencex simulate -model Qwen/Qwen3-8B-FP8 -gpu H100 -gpus 2 -port 8000
  curl http://127.0.0.1:8000/v1/models`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if port < 0 || port > 65535 {
				return exit(ExitConfig, "-port %d: want 0 to 65535", port)
			}
			if cfg.GPUs < 1 {
				return exit(ExitConfig, "-gpus %d: want at least 1", cfg.GPUs)
			}
			return app.simulate(cmd, cfg, net.JoinHostPort(host, fmt.Sprint(port)))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&cfg.Model, "model", "Qwen/Qwen3-8B-FP8", "`model` to simulate")
	flags.StringSliceVar(&cfg.Served, "served-model-name", nil, "`names` under which it is served; default: the model")
	flags.StringVar(&cfg.GPUType, "gpu", "H100", "GPU `type`")
	flags.IntVar(&cfg.GPUs, "gpus", 1, "`number` of GPUs, as tensor parallel size")
	flags.StringVar(&cfg.Profile, "profile", "graphs", "`profile` of the serving stack: graphs, modal-eager or offline")
	flags.Float64Var(&cfg.Speed, "speed", 1, "simulated `seconds` a second")
	flags.Uint64Var(&cfg.Seed, "seed", 0, "`seed` of all randomness")
	flags.Float64Var(&cfg.StartupSeconds, "startup", 0, "simulated `seconds` until the server is ready")
	flags.IntVar(&cfg.MaxNumSeqs, "max-num-seqs", 0, "sequences that run at once; 0: the default")
	flags.StringVar(&host, "host", "127.0.0.1", "`address` to listen on")
	flags.IntVar(&port, "port", 8000, "`port` to listen on; 0: any free one")
	return cmd
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
	return server.Serve(ctx, listener)
}
