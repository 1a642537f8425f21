package process_test

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

const vllmLog = `(EngineCore_DP0 pid=17) INFO 09-28 15:47:20 [core.py:76] Initializing a V1 LLM engine\n` +
	`(EngineCore_DP0 pid=17) ERROR 09-28 15:47:24 [core.py:718] ValueError: Free memory on device (5.13/79.1 GiB) on startup is less than desired GPU memory utilization (0.9, 71.19 GiB).\n` +
	`(APIServer pid=9) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}\n`

func TestStartFailures(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	tests := map[string]struct {
		d      stage.Deployment
		hcl    string
		reason string
		class  stage.ErrorClass
		want   []string
	}{
		"engine dies": {
			own("crash", vllmLog, "{port}"), "", "gpu_memory_busy", stage.Transient,
			[]string{
				"Qwen/Qwen3-8B-FP8 on process (2 × H100)", "the server ended during start-up: exit status 1 (log: ", "server.log",
				"ValueError: Free memory on device (5.13/79.1 GiB)", "lower --gpu-memory-utilization",
			},
		},
		"unknown words": {
			own("crash", `Traceback\nZeroDivisionError: division by zero\n`, "{port}"), "", "server_ended", stage.Transient,
			[]string{"its last words:\n\tTraceback\n\tZeroDivisionError: division by zero"},
		},
		"no words":      {own("crash", "", "{port}"), "", "server_ended", stage.Transient, []string{"it wrote nothing"}},
		"port in use":   {engine("simulator"), "port = " + port, "port_in_use", stage.Transient, []string{"port " + port + " of 127.0.0.1 cannot be used", "leave port out"}},
		"no program":    {command("no-such-server", "{port}"), "", "no_program", stage.Permanent, []string{`"no-such-server": executable file not found`, "provider's program or the engine's command"}},
		"bad template":  {command(os.Args[0], "{prot}"), "", "bad_config", stage.Permanent, []string{"{prot} stands for nothing", "{port}"}},
		"too few GPUs":  {engine("simulator"), `gpu_ids = ["3"]`, "bad_config", stage.Permanent, []string{"gpu_ids names 1 GPU and the deployment needs 2"}},
		"missing key":   {engine("simulator"), `api_key_env = "TEST_NO_KEY"`, "api_key_missing", stage.Permanent, []string{"environment variable TEST_NO_KEY is empty"}},
		"unknown flag":  {engine("simulator", "--no-such"), "", "bad_flag", stage.Permanent, []string{"flag provided but not defined: -no-such"}},
		"without alias": {own("simulate", "--served-model-name", "other", "--gpus", "2", "--port", "{port}"), "", "identity_mismatch", stage.Permanent, []string{`serves "other", not "Qwen/Qwen3-8B-FP8"`, "set the provider's model"}},
		"other GPUs":    {own("simulate", "--served-model-name", "{alias}", "--gpus", "4", "--port", "{port}"), "", "identity_mismatch", stage.Permanent, []string{"the server has 4 GPUs (NVIDIA H100", "the suite says 2 × H100"}},
		"other type":    {own("simulate", "--served-model-name", "{alias}", "--gpus", "2", "--gpu", "H200", "--port", "{port}"), "", "identity_mismatch", stage.Permanent, []string{`GPU 0 of the server is "NVIDIA H200`, "the suite says H100"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := acquire(t, test.d, test.hcl, nil)
			if err == nil {
				t.Fatal("it started")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %q\nwant it to say %q", err, want)
				}
			}
			if got := stage.ReasonOf(err); got != test.reason {
				t.Errorf("reason = %s, want %s", got, test.reason)
			}
			if got := stage.ClassOf(err); got != test.class {
				t.Errorf("class = %s, want %s", got, test.class)
			}
		})
	}
}
