// Package nullserver is a server that answers without doing any work, to measure clients against. Its invariant: what it writes, and when, follows
// from the request and the clock alone, and the time of a write is read before it is made.
//
// A request for a stream says in its extra body how it wants to be answered: see Order. Streams that are paced are written by one goroutine for all of
// them, so that thousands cost little beside their writes; a server that takes the machine away from the client would measure itself.
package nullserver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// Order is how a request is to be answered. It is merged into its JSON body.
type Order struct {
	TTFTMicros int64 `json:"null_ttft_us,omitempty"` // from the request to the first token
	GapMicros  int64 `json:"null_gap_us,omitempty"`  // from token to token; where this and the other are 0, tokens go out as fast as they are taken
	Stamp      bool  `json:"null_stamp,omitempty"`   // remember when each token was written, for GET /stamps
	Fault      Fault `json:"null_fault,omitempty"`
	After      int   `json:"null_after,omitempty"` // tokens that go out before the fault
	Every      int   `json:"null_every,omitempty"` // only each so manieth request has the fault, of those that have an id; 0: all do
}

// Fault is what becomes of an answer in place of its end.
type Fault string

// The faults.
const (
	Reset  Fault = "reset"  // the connection is reset
	Close  Fault = "close"  // the connection is closed
	Stall  Fault = "stall"  // nothing more comes until the client gives up
	Refuse Fault = "refuse" // HTTP 500 in place of an answer
	Break  Fault = "break"  // an error object within the stream, which then ends
)

// Record is what the server knows of one stream. Times are unix nanoseconds of this machine.
type Record struct {
	ID      string  `json:"id"`      // X-Request-Id
	Arrival int64   `json:"arrival"` // the first byte of the request was there
	Writes  []int64 `json:"writes"`  // just before each token was written
	Late    int64   `json:"late"`    // ns by which they were written after they were due, in all
}

// Server answers on any number of connections. The zero value is ready.
type Server struct {
	mu      sync.Mutex
	records []Record
	named   int           // requests with an id
	faults  map[Fault]int // that were carried out
	stamped sync.RWMutex  // held for reading while a stamped stream is written, for its client has read its end before its record is here
}

// Serve answers until ctx ends, and returns when every connection is closed. A panic on the way ends it,
// and is its error.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	work := crew.Crew{Stop: cancel}
	p := newPacer()
	work.Go(func() error {
		p.run(ctx)
		return nil
	})
	var open connections
	work.Go(func() error {
		<-ctx.Done()
		ln.Close()
		open.close()
		return nil
	})
	err := s.accept(ctx, ln, func(conn net.Conn) {
		open.add(conn)
		work.Go(func() error {
			defer open.drop(conn)
			s.converse(ctx, p, conn)
			return nil
		})
	})
	cancel(nil)
	return crew.Worst(work.Wait(), err)
}

// accept hands each connection to take until the listener is closed, which is no error once ctx has ended.
func (s *Server) accept(ctx context.Context, ln net.Listener, take func(net.Conn)) error {
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			take(conn)
		case ctx.Err() != nil:
			return nil
		default:
			return err
		}
	}
}

// connections are those that are open.
type connections struct {
	mu   sync.Mutex
	all  map[net.Conn]bool
	over bool // none is to be open any more
}

func (c *connections) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		conn.Close()
		return
	}
	if c.all == nil {
		c.all = map[net.Conn]bool{}
	}
	c.all[conn] = true
}

func (c *connections) drop(conn net.Conn) {
	conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, conn)
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for conn := range c.all {
		conn.Close()
	}
}

// converse answers the requests of one connection until it ends.
func (s *Server) converse(ctx context.Context, p *pacer, conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		if _, err := in.Peek(1); err != nil {
			return
		}
		arrival := time.Now()
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		switch req.URL.Path {
		case "/v1/completions", "/v1/chat/completions":
			err = s.complete(ctx, p, conn, in, request{id: req.Header.Get("X-Request-Id"), path: req.URL.Path, body: body, arrival: arrival})
		case "/tokenize":
			err = tokenize(conn, body)
		case "/faults":
			err = s.counts(conn)
		case "/stamps":
			err = s.stamps(conn)
		case "/health":
			err = document(conn, http.StatusOK, nil)
		case "/v1/models":
			err = document(conn, http.StatusOK, []byte(`{"object":"list","data":[{"id":"null","object":"model"}]}`))
		default:
			err = document(conn, http.StatusNotFound, []byte(`{"error":{"message":"not found"}}`))
		}
		if err != nil {
			return
		}
	}
}

// request is a request for a stream.
type request struct {
	id, path string
	body     []byte
	arrival  time.Time
}

var errFault = errors.New("the connection ends as ordered")

// complete answers one request for a stream. An error ends the connection.
func (s *Server) complete(ctx context.Context, p *pacer, conn net.Conn, in *bufio.Reader, r request) error {
	var want struct {
		Order
		Stream    bool            `json:"stream"`
		MaxTokens int             `json:"max_tokens"`
		Prompt    json.RawMessage `json:"prompt"`
	}
	if err := json.Unmarshal(r.body, &want); err != nil {
		return document(conn, http.StatusBadRequest, []byte(`{"error":{"message":"not JSON"}}`))
	}
	if !want.Stream {
		return document(conn, http.StatusOK, whole(max(1, want.MaxTokens), promptTokens(want.Prompt)))
	}
	if !s.due(&want.Order, r.id) {
		want.Fault = ""
	}
	if want.Fault == Refuse {
		return document(conn, http.StatusInternalServerError, []byte(`{"error":{"message":"refused as ordered"}}`))
	}
	script := formOf(r.path).script(want.MaxTokens, promptTokens(want.Prompt))
	if want.Fault != "" {
		script.cut(want.Fault, want.After)
	}
	if want.Stamp {
		s.stamped.RLock()
	}
	record := Record{ID: r.id, Arrival: r.arrival.UnixNano()}
	var err error
	if want.TTFTMicros == 0 && want.GapMicros == 0 {
		err = script.pour(conn, want.Stamp, &record)
	} else {
		err = p.play(ctx, &stream{
			conn: conn, script: script, stamped: want.Stamp, record: &record,
			due: r.arrival.Add(time.Duration(want.TTFTMicros) * time.Microsecond), gap: time.Duration(want.GapMicros) * time.Microsecond,
		})
	}
	if want.Stamp {
		s.mu.Lock()
		s.records = append(s.records, record)
		s.mu.Unlock()
		s.stamped.RUnlock()
	}
	if err != nil {
		return err
	}
	return suffer(conn, in, want.Fault)
}

// due reports whether this request is one that the fault of its order is for, and counts it.
func (s *Server) due(order *Order, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" {
		s.named++
	}
	due := order.Fault != "" && (order.Every == 0 || id != "" && s.named%order.Every == 0)
	if due {
		if s.faults == nil {
			s.faults = map[Fault]int{}
		}
		s.faults[order.Fault]++
	}
	return due
}

// suffer does to a connection what a fault does.
func suffer(conn net.Conn, in *bufio.Reader, fault Fault) error {
	switch fault {
	case Reset:
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // its close is a reset
		}
		return errFault
	case Close:
		return errFault
	case Stall:
		_, _ = in.Peek(1)
		return errFault
	default:
		return nil
	}
}

// counts answers with the number of faults so far.
func (s *Server) counts(conn net.Conn) error {
	s.mu.Lock()
	text, err := json.Marshal(s.faults)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return document(conn, http.StatusOK, text)
}

// stamps answers with the records of the streams that have ended since it was last asked, after those that are still being written.
func (s *Server) stamps(conn net.Conn) error {
	s.stamped.Lock()
	records := s.records
	s.records = nil
	s.stamped.Unlock()
	text, err := json.Marshal(records)
	if err != nil {
		return err
	}
	return document(conn, http.StatusOK, text)
}
