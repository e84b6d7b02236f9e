package hub

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/clock"
)

// hijackedConn is the connection that gorilla gets. gorilla reads from it, but what it
// writes is not sent: only the session's writer writes, to the net.Conn. So there is
// one writer, several frames are written with one system call, and a close frame has the
// reason that the protocol gives it. The response to the handshake is kept for the
// writer's first write.
type hijackedConn struct {
	net.Conn
	raw syscall.RawConn // of Conn; nil if the session is served without the optimisations for Linux
	hub *Hub            // fixed at construction

	lastRead atomic.Int64 // monotonic time at which the peer last sent something

	// Owned by the goroutine that upgrades, then by the reader.
	handshake    *[]byte // the response so far; nil once upgraded
	pendingClose uint16  // code of the close frame that gorilla wanted to send, or 0
	handingOver  bool    // see reader.isHandedOver
	wasRead      bool    // Read was called meanwhile
}

// peer returns the client's address, or the zero value if that is no IP address, as in
// tests with pipes.
func (c *hijackedConn) peer() netip.AddrPort {
	peer, _ := netip.ParseAddrPort(c.Conn.RemoteAddr().String())
	return peer
}

// Read reads from the connection and notes that the peer is alive.
func (c *hijackedConn) Read(p []byte) (int, error) {
	if c.handingOver {
		c.wasRead = true
		return copy(p, handoverFrame), nil
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.lastRead.Store(int64(c.hub.clock.Now()))
	}
	return n, err
}

// silentAt returns the time at which two ping intervals will have passed since the peer
// last sent something.
func (c *hijackedConn) silentAt() clock.Monotonic {
	return clock.Monotonic(c.lastRead.Load()).Add(2 * c.hub.cfg.PingInterval)
}

// Write takes what gorilla writes.
func (c *hijackedConn) Write(p []byte) (int, error) {
	switch {
	case c.handshake != nil:
		*c.handshake = append(*c.handshake, p...)
	case len(p) >= 4 && p[0]&0xf == websocket.CloseMessage:
		c.pendingClose = binary.BigEndian.Uint16(p[2:])
	}
	return len(p), nil
}

// SetWriteDeadline does nothing: the session's writer sets the deadline.
func (*hijackedConn) SetWriteDeadline(time.Time) error { return nil }
