package controltest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/stages/client/nullserver"
)

// The load of the control: it takes about 2 % of a processor, and feels it when nothing is left of one.
const (
	streams = 4
	gap     = 5 * time.Millisecond
	tokens  = 40 // of an answer
)

// lateBound is what a null server's tokens are late by, one in a hundred, on a machine that has time for it.
const lateBound = 2 * time.Millisecond

// running is a null server and its streams.
type running struct {
	server    *nullserver.Child
	transport http.Transport
	cancel    context.CancelFunc
	asking    crew.Crew // one goroutine for each stream; an error is of one that could not ask
}

// watch starts the control.
func watch(ctx context.Context) (Watch, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the control: %w", err)
	}
	server, err := nullserver.Start(ctx, self, "null-server")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &running{server: server, cancel: cancel}
	for n := range streams {
		r.asking.Go(func() error {
			for ctx.Err() == nil {
				if err := r.ask(n); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return r, nil
}

// ask takes one answer, to its end.
func (r *running) ask(n int) error {
	body, err := json.Marshal(struct {
		nullserver.Order
		Stream    bool `json:"stream"`
		MaxTokens int  `json:"max_tokens"`
	}{nullserver.Order{TTFTMicros: gap.Microseconds(), GapMicros: gap.Microseconds(), Stamp: true}, true, tokens})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, r.server.URL+"/v1/completions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Request-Id", strconv.Itoa(n))
	resp, err := r.transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask the control: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("ask the control: %w", err)
	}
	return nil
}

// End stops the streams when their answers have ended, and judges the server's stamps.
func (r *running) End() (string, error) {
	r.cancel()
	asked := r.asking.Wait()
	r.transport.CloseIdleConnections()
	records, err := nullserver.Records(context.Background(), r.server.URL)
	if closed := r.server.Close(); err == nil {
		err = closed
	}
	if err = cmp.Or(asked, err); err != nil {
		return "", err
	}
	return judgeStamps(records), nil
}

// judgeStamps says by how much tokens were written late, if that is too much.
func judgeStamps(records []nullserver.Record) string {
	var late []time.Duration
	for _, r := range records {
		for i, written := range r.Writes {
			late = append(late, time.Duration(written-r.Arrival)-time.Duration(i+1)*gap)
		}
	}
	slices.Sort(late)
	if len(late) == 0 {
		return "a null server wrote no token in all that time"
	}
	p99 := late[(len(late)-1)*99/100]
	if p99 <= lateBound {
		return ""
	}
	return fmt.Sprintf("a null server wrote one token in a hundred %.1f ms late or more", p99.Seconds()*1e3)
}
