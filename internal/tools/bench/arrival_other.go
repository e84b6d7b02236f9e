//go:build !linux

package bench

import (
	"io"
	"net"
	"time"
)

// arrival reads a connection. When the system had what was read is not known.
type arrival struct {
	io.Reader
	at time.Time // zero
}

func newArrival(conn net.Conn, _ bool) *arrival { return &arrival{Reader: conn} }
