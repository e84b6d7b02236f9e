package hub

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// readBuffer is the size of a socket's read buffer in bytes: most client
// messages are one token.
const readBuffer = 512

// wire is the connection as gorilla sees it. gorilla reads from it; what it
// writes goes nowhere, for only the session's writer writes, straight to the
// net.Conn: so there is one writer, many frames go in one system call, and a
// close has the reason that the protocol gives it. The response to the
// handshake is kept for the writer's first write.
type wire struct {
	net.Conn
	raw syscall.RawConn // of Conn, where a write need not wait; else nil

	hub *Hub // fixed at construction
	// life is the instant when the peer last sent a byte.
	life atomic.Int64

	// Owned by the goroutine that upgrades, then by the reader.
	handshake *[]byte // the response so far; nil once upgraded
	verdict   uint16  // close code that gorilla wanted to send of its own, or 0
	probing   bool    // see session.handedOver
	probed    bool    // the connection was read meanwhile
}

// Read notes that the peer lives.
func (w *wire) Read(p []byte) (int, error) {
	if w.probing {
		w.probed = true
		return copy(p, probe), nil
	}
	n, err := w.Conn.Read(p)
	if n > 0 {
		w.life.Store(int64(w.hub.now()))
	}
	return n, err
}

// Write takes what gorilla writes.
func (w *wire) Write(p []byte) (int, error) {
	switch {
	case w.handshake != nil:
		*w.handshake = append(*w.handshake, p...)
	case len(p) >= 4 && p[0]&0xf == websocket.CloseMessage:
		w.verdict = binary.BigEndian.Uint16(p[2:])
	}
	return len(p), nil
}

// SetWriteDeadline leaves the deadline to the session's writer.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
