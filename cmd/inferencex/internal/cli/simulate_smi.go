package cli

import (
	"cmp"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

// newSimulateSMI is the nvidia-smi of a simulated server.
func newSimulateSMI(app *App) *cobra.Command {
	client := smi.Client{HTTP: http.DefaultClient}
	cmd := &cobra.Command{
		Use:   "nvidia-smi [flags] -- ARGUMENTS",
		Short: "Stand in for nvidia-smi on a simulated server's GPUs",
		Long: `nvidia-smi prints what the program of that name prints where there are the GPUs that a simulated server pretends to have:
--query-gpu with --format=csv, once or in a loop, and -L. Fields that it does not know it refuses as the real one does, with its exit code.
Its times are simulated ones, in the zone of TZ.

The server is named by -endpoint, or else by INFERENCEX_ENDPOINT, which stage "fetch-power" sets for its command:

  stage "fetch-power" {
    source  = "nvidia-smi"
    command = ["inferencex", "simulate", "nvidia-smi", "--"]
  }`,
		Example: `  inferencex simulate nvidia-smi -endpoint http://127.0.0.1:8000 -- -L
  inferencex simulate nvidia-smi -endpoint http://127.0.0.1:8000 -- --query-gpu=timestamp,index,power.draw --format=csv -lms 500`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client.Endpoint = cmp.Or(client.Endpoint, app.Getenv("INFERENCEX_ENDPOINT"))
			if client.Endpoint == "" {
				return exit(ExitConfig, "give the URL of a simulated server as -endpoint, or in INFERENCEX_ENDPOINT")
			}
			_, client.UTCOffset = app.Now().Local().Zone()
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			code, err := client.Run(ctx, args, app.Stdout)
			if err != nil {
				return exit(ExitError, "%w", err)
			}
			return silent(code)
		},
	}
	cmd.Flags().StringVar(&client.Endpoint, "endpoint", "", "`URL` of the simulated server")
	cmd.Flags().IntVar(&client.Driver, "driver", smi.DefaultDriver, "major `version` of the driver; before 530 power.draw has no kinds")
	return cmd
}
