package smi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Path is where a simulated server answers command lines, and ExitHeader the header of the answer that carries the exit code.
const (
	Path       = "/simulator/nvidia-smi"
	ExitHeader = "X-Exit-Code"
)

// Client is the program on the other side of a simulated server.
type Client struct {
	Endpoint  string // the server's URL
	Driver    int    // major version; 0: DefaultDriver
	UTCOffset int    // seconds east, of the zone in which times are printed
	HTTP      *http.Client
}

// Run prints to out what the server's nvidia-smi answers, for as long as the query loops or until ctx ends, and returns the exit code. A server that
// is not there, or goes away, is a driver that does not answer.
func (c Client) Run(ctx context.Context, args []string, out io.Writer) (int, error) {
	query := url.Values{"arg": args, "utc_offset": {strconv.Itoa(c.UTCOffset)}}
	if c.Driver != 0 {
		query.Set("driver", strconv.Itoa(c.Driver))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.Endpoint, "/")+Path+"?"+query.Encode(), nil)
	if err != nil {
		return 0, fmt.Errorf("ask the simulated nvidia-smi: %w", err)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return c.gone(ctx, out)
	}
	defer resp.Body.Close()
	code, err := strconv.Atoi(resp.Header.Get(ExitHeader))
	if resp.StatusCode != http.StatusOK || err != nil {
		return 0, fmt.Errorf("ask the simulated nvidia-smi: %s answers %s: it is no simulated server", c.Endpoint, resp.Status)
	}
	if _, err := io.Copy(out, resp.Body); err != nil {
		return c.gone(ctx, out)
	}
	return code, nil
}

// gone is the end of a program whose driver does not answer, unless it was to end.
func (c Client) gone(ctx context.Context, out io.Writer) (int, error) {
	if ctx.Err() != nil {
		return 0, nil
	}
	if _, err := io.WriteString(out, noDriver); err != nil {
		return 0, err
	}
	return ExitNoDriver, nil
}
