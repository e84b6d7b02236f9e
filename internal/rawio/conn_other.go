//go:build !linux

package rawio

import (
	"net"
	"syscall"
)

// Of returns nil: there is no Caller.
func Of(net.Conn) syscall.RawConn { return nil }
