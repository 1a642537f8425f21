package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/metrics"
	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

// readHeaderTimeout bounds what a client that sends nothing can hold open.
const readHeaderTimeout = 10 * time.Second

// Server is one simulated endpoint.
type Server struct {
	cfg      Config
	hardware hardware.Config
	modelLen int
	ready    time.Duration // simulated time at which it answers
	driver   *driver
	faults   pendingFaults
	records  records
	lag      lags
	lastID   atomic.Uint64 // of answers that the client did not name

	stopOnce sync.Once
	stopping chan struct{} // closed by stop
	cause    error         // what Serve returns; set before stopping is closed

	mu      sync.Mutex
	serving bool
	doom    *StartupError // what ends it when it would be ready, where a fault says so
	served  chan struct{} // closed when Serve returns
}

// New checks the configuration and returns a server whose epoch is now. It
// starts no goroutine.
func New(cfg Config) (*Server, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	machine, err := cfg.Machine()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	hw := machine.Config()
	s := &Server{
		cfg: cfg, hardware: hw, ready: time.Duration(cfg.StartupSeconds * float64(time.Second)),
		stopping: make(chan struct{}), served: make(chan struct{}),
	}
	boards := sensor.New(sensor.Config{
		GPUs: cfg.GPUs, Seed: cfg.Seed, Exact: cfg.ExactPower,
		BareWatts: hw.GPU.IdleWatts, ContextWatts: machine.ContextWatts(), TDPWatts: hw.GPU.TDPWatts,
		Ready: s.ready, MemoryBytes: machine.MemoryUsedBytes(), SMClockHz: hw.GPU.SMClockHz,
		Retention: time.Duration(cfg.PowerHistorySeconds * float64(time.Second)),
	})
	ec := cfg.engineConfig(machine)
	ec.OnSpan = func(sp engine.Span) {
		boards.Add(sensor.Span{Start: sp.Start, End: sp.End, Watts: sp.PowerWatts, Busy: sp.Busy, Bandwidth: sp.Bandwidth})
	}
	eng, err := engine.New(ec)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	if s.modelLen, err = cfg.modelLen(hw.Model, eng.CapacityTokens()); err != nil {
		return nil, err
	}
	s.driver = &driver{
		clock:  clock{now: cfg.Now, epoch: cfg.Now(), speed: cfg.Speed},
		wake:   make(chan struct{}, 1),
		engine: eng, sensor: boards, metrics: metrics.New(cfg.Served[0], s.modelLen),
		blocks: eng.CapacityTokens() / engine.BlockTokens, inFlight: make(map[uint64]*flight),
		network: time.Duration(hw.Profile.NetworkSeconds * float64(time.Second)),
	}
	for _, f := range cfg.Faults {
		if err := s.Arm(f); err != nil {
			return nil, fmt.Errorf("simulator: %w", err)
		}
	}
	return s, nil
}

// Serve answers on the listener, which it closes, until ctx ends, Close is
// called or a fault strikes. Answers in flight are cut. It returns nil, or an
// error that is ErrDied or ErrStartup, or a panic of one of its goroutines;
// every goroutine it started has ended by then. It is called once.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	s.mu.Lock()
	if s.serving {
		s.mu.Unlock()
		_ = ln.Close() // unused
		return fmt.Errorf("simulator: Serve is called a second time")
	}
	s.serving = true
	s.mu.Unlock()
	defer close(s.served)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var connections sync.WaitGroup
	workers := crew.Crew{Stop: func(err error) { s.stop(fmt.Errorf("simulator: %w", err)) }}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	hs := &http.Server{
		Handler:           s.routes(),
		Protocols:         protocols,
		ReadHeaderTimeout: readHeaderTimeout,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(io.Discard, "", 0), // broken connections are what it is for
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				connections.Add(1)
			case http.StateClosed, http.StateHijacked:
				connections.Done()
			}
		},
	}
	workers.Go(func() error {
		s.driver.run(ctx)
		return nil
	})
	workers.Go(func() error {
		s.failStartup(ctx)
		return nil
	})
	workers.Go(func() error {
		select {
		case <-ctx.Done():
			s.stop(nil)
		case <-s.stopping:
		}
		cancel()
		_ = hs.Close() // the listener's error says nothing that Serve's does not
		return nil
	})
	if err := hs.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		s.stop(fmt.Errorf("simulator: serve %v: %w", ln.Addr(), err))
	}
	panicked := workers.Wait()
	connections.Wait()
	return crew.Worst(s.cause, panicked)
}

// Panicked returns the panic by which the server ends; nil while there is none. It is known before any
// connection is closed.
func (s *Server) Panicked() error {
	select {
	case <-s.stopping:
		if crew.PanicIn(s.cause) != nil {
			return s.cause
		}
	default:
	}
	return nil
}

// failStartup stops the server when it would become ready, if a fault says so.
func (s *Server) failStartup(ctx context.Context) {
	timer := time.NewTimer(s.driver.clock.wall(s.ready).Sub(s.driver.clock.now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		if doom := s.doomed(); doom != nil {
			s.stop(doom)
		}
	}
}

// stop makes Serve return this error; the first call counts.
func (s *Server) stop(cause error) {
	s.stopOnce.Do(func() {
		s.cause = cause
		close(s.stopping)
	})
}

// Close stops the server and waits until Serve has returned. It may be called
// at any time and more than once.
func (s *Server) Close() error {
	s.stop(nil)
	s.mu.Lock()
	serving := s.serving
	s.mu.Unlock()
	if serving {
		<-s.served
	}
	return nil
}
