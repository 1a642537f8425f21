package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/process/proc"
)

// place is what an id says: HOST/PID/START/PORT, where PID and START name the guard.
type place struct {
	host  string
	pid   int
	start uint64
	port  int
}

// newID names the server of a guard that was started and has not been waited for: one that ends at once has a name, too.
func newID(pid, port int) (deploy.ID, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("name this machine: %w", err)
	}
	guard, there := proc.Child(pid)
	if !there {
		return "", fmt.Errorf("process %d is not to be seen in /proc", pid)
	}
	return place{host, pid, guard.Start, port}.id(), nil
}

func (p place) id() deploy.ID {
	return deploy.ID(fmt.Sprintf("%s/%d/%d/%d", p.host, p.pid, p.start, p.port))
}

func parseID(id deploy.ID) (place, error) {
	parts := strings.Split(string(id), "/")
	if len(parts) != 4 {
		return place{}, fmt.Errorf("id %q of a process is none: want HOST/PID/START/PORT", id)
	}
	p := place{host: parts[0]}
	var err [3]error
	p.pid, err[0] = strconv.Atoi(parts[1])
	p.start, err[1] = strconv.ParseUint(parts[2], 10, 64)
	p.port, err[2] = strconv.Atoi(parts[3])
	for _, e := range err {
		if e != nil {
			return place{}, fmt.Errorf("id %q of a process is none: %w", id, e)
		}
	}
	return p, nil
}

// here fails on any machine but the server's own, where its processes cannot be seen.
func (p place) here() error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name this machine: %w", err)
	}
	if host != p.host {
		return fmt.Errorf("process %d runs on %s and this is %s: run the command there", p.pid, p.host, host)
	}
	return nil
}

// guard is the server's guard, if it lives.
func (p place) guard(token deploy.Token) (proc.Process, bool) {
	g, there := proc.Get(p.pid)
	return g, there && g.Start == p.start && g.Getenv(tokenVariable) == string(token)
}
