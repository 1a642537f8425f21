package process_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/process"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// TestMain lets this binary be the processes that the tests start: its first argument is the role.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch role, args := os.Args[1], os.Args[2:]; role {
		case "guard":
			os.Exit(process.Guard(args, os.Stdin, os.Stderr))
		case "simulate":
			os.Exit(simulate(args))
		case "stubborn": // a server that a polite request does not end
			signal.Ignore(syscall.SIGTERM)
			os.Exit(simulate(args))
		case "family": // a server with workers that leave its session and write over their marks, as engines' do
			os.Exit(family(args))
		case "shared": // two servers at one port
			os.Exit(share(args))
		case "robbed": // a server whose port the test takes
			os.Exit(robbed(args))
		case "plain": // a server of an unknown engine
			os.Exit(plain(args))
		case "mortal": // the same, which ends as it is told to
			os.Exit(mortal(args))
		case "worker":
			os.Exit(worker())
		case "crash":
			fmt.Fprint(os.Stderr, strings.ReplaceAll(args[0], `\n`, "\n"))
			os.Exit(1)
		case "parent": // an inferencex that dies without a word
			os.Exit(parent(args))
		}
	}
	os.Exit(m.Run())
}

// names collects a flag that is given several times.
type names []string

func (n *names) String() string     { return strings.Join(*n, " ") }
func (n *names) Set(s string) error { *n = append(*n, s); return nil }

// simulate is the verb of the same name, as far as a test needs it.
func simulate(args []string) int {
	var served names
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	flags.Var(&served, "served-model-name", "")
	model := flags.String("model", "Qwen/Qwen3-8B-FP8", "")
	gpu := flags.String("gpu", "H100", "")
	gpus := flags.Int("gpus", 1, "")
	host := flags.String("host", "127.0.0.1", "")
	port := flags.String("port", "0", "")
	_ = flags.String("revision", "", "")
	shared := flags.Bool("reuse-port", false, "")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	server, err := simulator.New(simulator.Config{Model: *model, Served: served, GPUType: *gpu, GPUs: *gpus, Speed: 20})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	listen := net.ListenConfig{}
	if *shared {
		listen.Control = reusePort
	}
	ln, err := listen.Listen(context.Background(), "tcp", net.JoinHostPort(*host, *port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintf(os.Stderr, "serving at %s with the secret %s\n", ln.Addr(), os.Getenv("TEST_SECRET"))
	ctx := context.Background()
	if !signal.Ignored(syscall.SIGTERM) { // to listen for it would end that
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGTERM)
		defer stop()
	}
	if err := server.Serve(ctx, ln); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// reusePort lets several servers listen at one port, as vLLM does.
func reusePort(_, _ string, conn syscall.RawConn) error {
	const soReusePort = 15
	var set error
	err := conn.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1)
	})
	if err != nil {
		return err
	}
	return set
}

// plain answers the least that a server must.
func plain(args []string) int {
	fmt.Fprintln(os.Stderr, "GPUs", os.Getenv("CUDA_VISIBLE_DEVICES"))
	err := http.ListenAndServe(net.JoinHostPort("127.0.0.1", args[1]), least(args[0]))
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// least is what a server of a model must answer.
func least(model string) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/v1/models", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"data":[{"id":%q}]}`, model)
	})
	mux.HandleFunc("/v1/completions", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"choices":[{}]}`)
	})
	return mux
}

// share serves with a stranger at the same port, who is there first.
func share(args []string) int {
	address := args[len(args)-1] // the port
	go simulate([]string{"--reuse-port", "--served-model-name", "stranger", "--gpus", "2", "--port", address})
	for {
		if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", address)); err == nil {
			_ = conn.Close()
			return simulate(append([]string{"--reuse-port"}, args...))
		}
	}
}

// family starts two workers, one of them in a session of its own, and serves.
func family(args []string) int {
	for _, own := range []bool{true, false} {
		cmd := exec.Command(os.Args[0], "worker")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: own}
		ready, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if _, err := ready.Read(make([]byte, 1)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Fprintf(os.Stderr, "worker %d\n", cmd.Process.Pid)
	}
	return simulate(args)
}

// worker writes over its environment, as setproctitle does, ignores TERM and stays.
func worker() int {
	signal.Ignore(syscall.SIGTERM)
	if err := deploytest.HideEnvironment(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
	return 0
}
