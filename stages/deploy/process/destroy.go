package process

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/process/proc"
)

const (
	pollPause  = 20 * time.Millisecond // between looks whether processes have ended
	guardSlack = 5 * time.Second
)

// Destroy tells the guard to end the server, and waits until no process of it is left. Where there is no guard any more it ends what
// carries the mark, or is of the guard's session with its mark written over.
func (p *Provider) Destroy(ctx context.Context, h deploy.Handle) error {
	var where *place
	if h.ID != "" {
		parsed, err := parseID(h.ID)
		if err != nil {
			return err
		}
		if err := parsed.here(); err != nil {
			return err
		}
		where = &parsed
	}
	own := p.own(h.Token)
	signal := syscall.SIGTERM
	var patience <-chan time.Time
	for {
		left, err := remaining(h.Token, where)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			break
		}
		if patience == nil {
			patience = time.After(gracePeriod(h, left))
		}
		for _, target := range targets(left, signal) {
			if err := target.Signal(signal); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes still run, see ps -p %s: %w", pids(left), ctx.Err())
		case <-patience:
			signal = syscall.SIGKILL
		case <-time.After(pollPause):
		}
	}
	if own != nil {
		<-own.done // reaped
		p.mu.Lock()
		delete(p.running, h.Token)
		p.mu.Unlock()
		own.hideSecrets()
	}
	return nil
}

// gracePeriod is how long processes may take to end by themselves. A guard needs it for the server, and some time more to see to the rest.
func gracePeriod(h deploy.Handle, left []proc.Process) time.Duration {
	grace := block.Time(h.Args, "grace")
	if isGuard(left[0]) {
		grace += guardSlack
	}
	return grace
}

// remaining are the processes of a server that live, its guard first.
func remaining(token deploy.Token, where *place) ([]proc.Process, error) {
	all, err := proc.All()
	if err != nil {
		return nil, err
	}
	// A session outlives its leader, and no new process is given the leader's number meanwhile. If another one has it, the session is its.
	session := 0
	if where != nil {
		if leader, there := proc.Get(where.pid); !there || leader.Start == where.start {
			session = where.pid
		}
	}
	var left []proc.Process
	for _, one := range all {
		mark := one.Getenv(tokenVariable)
		if mark == string(token) || (mark == "" && session != 0 && one.Session == session && one.Start >= where.start) {
			left = append(left, one)
		}
	}
	slices.SortStableFunc(left, func(a, b proc.Process) int { return rank(a) - rank(b) })
	return left, nil
}

func rank(p proc.Process) int {
	if isGuard(p) {
		return 0
	}
	return 1
}

func isGuard(p proc.Process) bool { return p.Getenv(guardVariable) != "" }

// targets are the processes to signal: the guard alone while it lives, since it knows how to end the others.
func targets(left []proc.Process, signal syscall.Signal) []proc.Process {
	if signal == syscall.SIGTERM && isGuard(left[0]) {
		return left[:1]
	}
	return left
}

func pids(list []proc.Process) string {
	var text []string
	for _, p := range list {
		text = append(text, fmt.Sprint(p.PID))
	}
	return strings.Join(text, ",")
}

// List finds servers by the marks of their processes. One whose guard was killed has no id.
func (*Provider) List(_ context.Context, _ deploy.Scope, labels map[string]string) ([]deploy.Resource, error) {
	all, err := proc.All()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name this machine: %w", err)
	}
	found := map[deploy.Token]deploy.Resource{}
	for _, one := range all {
		token := deploy.Token(one.Getenv(tokenVariable))
		carried := carriedLabels(one)
		if token == "" || !deploy.Matches(carried, labels) {
			continue
		}
		r := found[token]
		r.Token, r.Labels = token, carried
		if port, err := strconv.Atoi(one.Getenv(guardVariable)); err == nil {
			r.ID = place{host, one.PID, one.Start, port}.id()
		}
		found[token] = r
	}
	return deploy.Sorted(found), nil
}

func carriedLabels(p proc.Process) map[string]string {
	values, err := url.ParseQuery(p.Getenv(labelsVariable))
	if err != nil {
		return nil
	}
	labels := map[string]string{}
	for name := range values {
		labels[name] = values.Get(name)
	}
	return labels
}
