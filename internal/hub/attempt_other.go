//go:build !linux

package hub

import "syscall"

// attempt is never used: rawio.Of returns nil, and each write waits, on a goroutine of
// its session's.
type attempt struct{}

func newAttempt() *attempt { return new(attempt) }

func (*attempt) write(_ syscall.RawConn, b []byte) (rest []byte, err error) { return b, nil }
