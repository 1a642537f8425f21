package nullserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// Main is the server as a program of its own: it listens on a free port of this machine, writes its URL to stdout and serves until stdin ends, which it
// does when the process that started it does. It returns an exit code.
func Main(stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	var listening crew.Crew // its goroutine ends with the process, at the latest
	listening.Go(func() error {
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin)
		return nil
	})
	fmt.Fprintf(stdout, "http://%s\n", ln.Addr())
	if err := new(Server).Serve(ctx, ln); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// Child is a null server in a process of its own.
type Child struct {
	URL   string
	cmd   *exec.Cmd
	stdin io.Closer
}

// Start runs argv, a command that calls Main, and waits until it listens. The end of ctx kills it, with all its connections; Close is still to be called.
func Start(ctx context.Context, argv ...string) (*Child, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the null server: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the null server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the null server: %w", err)
	}
	child := &Child{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("start the null server: it ended before it listened: %w", errors.Join(err, child.Close()))
	}
	child.URL = strings.TrimSpace(line)
	return child, nil
}

// Close ends the server and waits for its process.
func (c *Child) Close() error {
	_ = c.stdin.Close()
	return c.cmd.Wait()
}
