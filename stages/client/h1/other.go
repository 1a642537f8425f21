//go:build !linux

package h1

import (
	"context"
	"net"
	"time"
)

// Socket sees nothing on this system.
type Socket struct{}

// NewSocket returns a look at nothing.
func NewSocket(net.Conn) *Socket { return nil }

// Waiting returns false.
func (*Socket) Waiting() bool { return false }

// Unacked returns false.
func (*Socket) Unacked() bool { return false }

// Transport is not there on this system.
type Transport struct{}

// New returns ErrUnsupported.
func New(Config) (*Transport, error) { return nil, ErrUnsupported }

// Conn is not there on this system.
type Conn struct{}

// Fill does nothing.
func (*Transport) Fill(context.Context, int) error { return ErrUnsupported }

// Get returns ErrUnsupported.
func (*Transport) Get(context.Context) (*Conn, error) { return nil, ErrUnsupported }

// Settle does nothing.
func (*Transport) Settle(context.Context, time.Duration) {}

// Connections returns 0.
func (*Transport) Connections() int { return 0 }

// Reads returns nothing.
func (*Transport) Reads() Reads { return Reads{} }

// Unasked returns 0.
func (*Transport) Unasked() int64 { return 0 }

// Err returns nil.
func (*Transport) Err() error { return nil }

// Close does nothing.
func (*Transport) Close() {}

// Kept returns false.
func (*Conn) Kept() bool { return false }

// Used returns false.
func (*Conn) Used() bool { return false }

// RoundTrip ends with ErrUnsupported.
func (*Conn) RoundTrip(context.Context, []byte, Sink) Ending { return Ending{Err: ErrUnsupported} }
