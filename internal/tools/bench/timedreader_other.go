//go:build !linux

package bench

import (
	"io"
	"net"
	"time"
)

// timedReader reads a connection. It does not know when bytes arrived.
type timedReader struct {
	io.Reader
	at time.Time // always zero
}

func newTimedReader(conn net.Conn, _ bool) *timedReader { return &timedReader{Reader: conn} }
