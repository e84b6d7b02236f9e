//go:build !linux

package bench

import (
	"io"
	"net"
	"time"
)

// timedReader reads a connection. It does not know when bytes arrived.
type arrival struct {
	io.Reader
	at time.Time // always zero
}

func newArrival(conn net.Conn, _ bool) *arrival { return &arrival{Reader: conn} }
