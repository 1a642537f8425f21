package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

// doomed is a server, as a process of its own, that comes to an end of its own at one of the requests of a
// load: it is no test's clock that ends it. Requests without an id are a deployment's or a preparation's:
// they are not counted.
type doomed struct {
	at int
	// how: kill, exit or deaf at that request; after: when so many were answered and something else is asked.
	how     string
	once    string // a file that says that it has happened; then it does not happen again
	ln      net.Listener
	backend http.Handler

	mu     sync.Mutex
	asked  int               // requests of loads
	ended  int               // answers to them that are out
	busy   map[net.Conn]bool // with one of them
	struck bool
}

// doomedMain is the program "doomed": it serves until its request comes.
func doomedMain() {
	d := &doomed{busy: map[net.Conn]bool{}}
	flags := flag.NewFlagSet("doomed", flag.ExitOnError)
	address := flags.String("address", "127.0.0.1:0", "")
	alias := flags.String("alias", "", "")
	flags.IntVar(&d.at, "at", 0, "")
	flags.StringVar(&d.how, "how", "kill", "")
	flags.StringVar(&d.once, "once", "", "")
	_ = flags.Parse(os.Args[1:]) // it exits on an error
	if err := d.serve(*address, *alias); err != nil {
		fmt.Fprintln(os.Stderr, "doomed:", err)
		os.Exit(1)
	}
}

func (d *doomed) serve(address, alias string) error {
	behind, err := simulator.New(simulator.Config{
		Model: "Qwen/Qwen3-8B-FP8", Served: []string{alias}, GPUType: "H100", GPUs: 1, Speed: 20,
	})
	if err != nil {
		return err
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = behind.Serve(context.Background(), inner) }()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: inner.Addr().String()})
	proxy.FlushInterval = -1
	d.backend = proxy
	if d.ln, err = net.Listen("tcp", address); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "doomed: serving at", address)
	server := &http.Server{
		Handler: d, ConnState: d.connState,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, d, conn)
		},
	}
	if err = server.Serve(d.ln); !errors.Is(err, net.ErrClosed) {
		return err
	}
	select {} // deaf: what it has still accepted is served
}

// ServeHTTP answers, and strikes when its time has come.
func (d *doomed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	measured := r.Header.Get("X-Request-Id") != "" && strings.HasSuffix(r.URL.Path, "/completions")
	d.mu.Lock()
	if measured {
		d.asked++
	}
	if (d.how == "after" && d.ended >= d.at) || (d.how != "after" && measured && d.asked == d.at) {
		d.strike()
	}
	if conn, ok := r.Context().Value(d).(net.Conn); ok && measured {
		d.busy[conn] = true
	}
	d.mu.Unlock()
	body, err := io.ReadAll(r.Body) // net/http gives up what is left of it when the answer begins
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	d.backend.ServeHTTP(w, r)
}

// connState hears that an answer is out: its connection waits for another request.
func (d *doomed) connState(conn net.Conn, state http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if state == http.StateIdle && d.busy[conn] {
		delete(d.busy, conn)
		d.ended++
	}
}

// strike ends the server, unless it has been struck before.
func (d *doomed) strike() {
	if d.struck {
		return
	}
	d.struck = true
	if _, err := os.Stat(d.once); err == nil {
		return
	}
	if err := os.WriteFile(d.once, nil, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "doomed:", err)
	}
	_, _ = io.WriteString(os.Stderr, "doomed: CUDA error: an illegal memory access was encountered\n")
	switch d.how {
	case "kill", "after":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "exit":
		os.Exit(0)
	case "deaf":
		_ = d.ln.Close()
	}
}
