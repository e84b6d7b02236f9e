//go:build !linux

package hub

import (
	"net"
	"syscall"
)

// rawOf returns nil: each write waits, on a goroutine of its session's.
func rawOf(net.Conn) syscall.RawConn { return nil }

// attempt is never used where rawOf returns nil.
type attempt struct{}

func newAttempt() *attempt { return new(attempt) }

func (*attempt) write(_ syscall.RawConn, b []byte) (rest []byte, err error) { return b, nil }
