package hub

import (
	"bufio"
	"net"
	"net/http"
	"strings"

	"ranger/internal/rawio"
)

// readBuffer is the size in bytes of a socket's read buffer if it is never parked. Most
// client messages are one token.
const readBuffer = 512

// hijacker hands gorilla the session's connection and reader instead of those of
// net/http.
type hijacker struct {
	http.ResponseWriter
	session *session
}

// Hijack takes the connection over from net/http.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	s := h.session
	s.conn = hijackedConn{Conn: c, hub: s.hub, handshake: new([]byte)}
	if !s.hub.cfg.Portable {
		s.conn.raw = rawio.Of(c)
	}
	if rw.Reader.Buffered() > 0 { // gorilla refuses a client that did not wait for the response
		return &s.conn, rw, nil
	}
	s.reader.in = *bufio.NewReaderSize(&s.conn, readBuffer)
	return &s.conn, bufio.NewReadWriter(&s.reader.in, rw.Writer), nil
}

// isHandedOver reports whether gorilla reads from r.in, which Hijack has handed over.
// Parking relies on it, and gorilla does not promise it. It has gorilla read a frame that
// is only in r.in; if gorilla reads the connection instead, it finds the same frame there.
func (r *reader) isHandedOver() bool {
	conn := &r.session.conn
	r.in.Reset(strings.NewReader(handoverFrame))
	conn.handingOver = true
	_, _, err := r.ws.NextReader()
	conn.handingOver = false
	r.in.Reset(conn)
	return err == nil && !conn.wasRead
}

// handoverFrame is an empty text message of a client.
const handoverFrame = "\x81\x80\x00\x00\x00\x00"
