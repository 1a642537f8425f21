//go:build linux

package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// What a server's processes have in their environment beside the provider's marks.
const (
	sessionVariable = "CRASH_SESSION" // which test they are of; workers whose environment is gone have it as an argument
	witnessVariable = "CRASH_WITNESS" // the file in which a server notes each request
	hidingVariable  = "CRASH_HIDING"  // if set, a worker writes over its environment
)

const model = "Qwen/Qwen3-8B-FP8"

// witness is a server that notes every request for a completion in a file before it is answered, whatever becomes of either: the session, and how
// many tokens are asked for, by which a cell is known.
type witness struct {
	server *simulator.Server
	proxy  *http.Server
	front  net.Listener
	back   net.Listener
}

// newWitness listens at a port; 0 takes a free one.
func newWitness(port int, alias []string, note func(header http.Header, tokens int) error) (*witness, error) {
	off := false
	server, err := simulator.New(simulator.Config{Model: model, Served: append(alias, model), PrefixCache: &off, Speed: 10})
	if err != nil {
		return nil, err
	}
	w := &witness{server: server}
	if w.front, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
		return nil, err
	}
	if w.back, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: w.back.Addr().String()})
	proxy.FlushInterval = -1                    // tokens are passed on one by one
	proxy.ErrorLog = log.New(io.Discard, "", 0) // clients are killed
	w.proxy = &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "completions") {
			body, err := io.ReadAll(r.Body)
			var asked struct {
				Tokens int `json:"max_tokens"`
			}
			if err == nil {
				err = json.Unmarshal(body, &asked)
			}
			if err == nil {
				err = note(r.Header, asked.Tokens)
			}
			if err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		proxy.ServeHTTP(rw, r)
	})}
	return w, nil
}

func (w *witness) url() string { return "http://" + w.front.Addr().String() }

// serve answers until ctx ends.
func (w *witness) serve(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- w.server.Serve(ctx, w.back) }()
	stop := context.AfterFunc(ctx, func() { _ = w.proxy.Close() })
	defer stop()
	_ = w.proxy.Serve(w.front) // ends by the line before
	return <-ended
}

// noteIn appends a line to a file. Lines as short as these do not mix.
func noteIn(path, session string, tokens int) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "%s %d\n", session, tokens)
	return err
}

// serve is an engine as the process provider starts it: it has workers that leave its process group and its session.
func serve(args []string) int {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	alias, port := flags.String("alias", "", ""), flags.Int("port", 0, "")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	session := os.Getenv(sessionVariable)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := startWorkers(session, os.Getenv(hidingVariable) != "")
	var w *witness
	if err == nil {
		w, err = newWitness(*port, []string{*alias}, func(_ http.Header, tokens int) error {
			return noteIn(os.Getenv(witnessVariable), session, tokens)
		})
	}
	if err == nil {
		err = w.serve(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startWorkers starts one that is twice removed from its server, in a session of its own, and one that stays in the server's session and, if it is
// to hide, writes over its environment as engines' workers do.
func startWorkers(session string, hiding bool) error {
	near := []string{"worker", session}
	if hiding {
		near = append(near, "hide")
	}
	for _, args := range [][]string{{"daemon", session}, near} {
		cmd := exec.Command(os.Args[0], args...)
		ready, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			_, err = ready.Read(make([]byte, 1))
		}
		if err == nil && args[0] == "daemon" {
			err = cmd.Wait()
		}
		if err != nil {
			return fmt.Errorf("start %v: %w", args, err)
		}
	}
	return nil
}

// daemon starts a worker in a session of its own and leaves it.
func daemon(args []string) int {
	cmd := exec.Command(os.Args[0], "worker", args[0])
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// worker ignores polite requests to end.
func worker(args []string) int {
	signal.Ignore(syscall.SIGTERM)
	if len(args) > 1 {
		if err := deploytest.HideEnvironment(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
	return 0
}
