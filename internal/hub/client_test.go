package hub_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// The messages of the server, as the tests expect them.
const (
	authenticated = `{"success":{"message":"Authenticated."}}`
	refused       = `{"error":{"message":"Authentication failed."}}`
	noBearer      = `{"error":{"message":"Token type is not provided or invalid."}}`
	badMessage    = `{"error":{"message":"Error while handling message."}}`
)

// The opcodes of RFC 6455 §5.2.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

const final = 0x80

var challengeForm = regexp.MustCompile(`^\{"challenge":"[A-Za-z0-9_-]{54}"\}$`)

// client is a peer that writes and reads single frames.
type client struct {
	net.Conn

	tb testing.TB
	in *bufio.Reader
}

// dial opens a socket, with more headers in the upgrade, and reads the challenge.
func (s *server) dial(headers ...string) *client {
	s.tb.Helper()
	return s.dialAt("/", headers...)
}

// dialAt is dial with a path and query.
func (s *server) dialAt(target string, headers ...string) *client {
	s.tb.Helper()
	return s.dialOver(s.connect(), target, headers...)
}

// dialOver is dialAt over a new connection.
func (s *server) dialOver(conn net.Conn, target string, headers ...string) *client {
	s.tb.Helper()
	c := &client{tb: s.tb, Conn: conn}
	var response *http.Response
	response, c.in = ask(s.tb, c, upgradeAt(target, headers...)...) //nolint:bodyclose // an upgrade has none
	if response.StatusCode != http.StatusSwitchingProtocols {
		s.tb.Fatalf("status %s, want 101", response.Status)
	}
	if got := c.read(); got.opcode != opText || !challengeForm.MatchString(got.payload) {
		s.tb.Fatalf("the first message is %+v, want a challenge", got)
	}
	return c
}

// open opens a socket with a valid token.
func (s *server) open(token string) *client {
	s.tb.Helper()
	c := s.dial()
	c.talk([2]string{bearer(token), authenticated})
	return c
}

// bearer returns the message with a token.
func bearer(token string) string { return `{"jwt":"Bearer ` + token + `"}` }

// masked returns a frame of a client; first is its first byte.
func masked(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}

// closing returns the payload of a close frame.
func closing(code uint16, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, code)) + reason
}

// send writes bytes.
func (c *client) send(b []byte) {
	c.tb.Helper()
	_ = c.SetWriteDeadline(time.Now().Add(testenv.Patience))
	if _, err := c.Write(b); err != nil {
		c.tb.Fatalf("write: %v", err)
	}
}

// say sends a text message. The next one cannot be sent before its answer is read: a pipe has
// no buffer.
func (c *client) say(text string) {
	c.tb.Helper()
	c.send(masked(final|opText, text))
}

// talk sends a text message and compares its answer, for each pair.
func (c *client) talk(pairs ...[2]string) {
	c.tb.Helper()
	for _, p := range pairs {
		c.say(p[0])
		c.want(p[1])
	}
}

// frame is a frame from the server.
type frame struct {
	opcode  byte
	payload string
}

// next reads a frame, which must be whole and not masked.
func (c *client) next() (frame, error) {
	_ = c.SetReadDeadline(time.Now().Add(testenv.Patience))
	return readFrame(c.in)
}

func readFrame(r io.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	if head[0]&0xf0 != final || head[1]&0x80 != 0 {
		return frame{}, errors.New("a frame is not whole, uses reserved bits, or is masked")
	}
	size := uint64(head[1])
	switch head[1] {
	case 126:
		var b [2]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return frame{}, err
		}
		size = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return frame{}, err
		}
		size = binary.BigEndian.Uint64(b[:])
	}
	payload := make([]byte, size)
	_, err := io.ReadFull(r, payload)
	return frame{opcode: head[0] & 0xf, payload: string(payload)}, err
}

// read is next if nothing may fail.
func (c *client) read() frame {
	c.tb.Helper()
	f, err := c.next()
	if err != nil {
		c.tb.Fatalf("read: %v", err)
	}
	return f
}

// want reads text messages and compares them.
func (c *client) want(texts ...string) {
	c.tb.Helper()
	for _, text := range texts {
		c.wantFrame(opText, text)
	}
}

func (c *client) wantFrame(opcode byte, payload string) {
	c.tb.Helper()
	if got, want := c.read(), (frame{opcode, payload}); got != want {
		c.tb.Fatalf("got %+v, want %+v", got, want)
	}
}

// wantClose reads a close frame, answers it, and reads the end of the connection.
func (c *client) wantClose(code uint16, reason string) {
	c.tb.Helper()
	c.wantFrame(opClose, closing(code, reason))
	c.send(masked(final|opClose, closing(code, "")))
	c.wantEnd()
}

// wantEnd reads the end of the connection.
func (c *client) wantEnd() {
	c.tb.Helper()
	if f, err := c.next(); !errors.Is(err, io.EOF) {
		c.tb.Fatalf("got %+v, %v; want the end of the connection", f, err)
	}
}

// wantSilence checks that nothing comes for a second.
func (c *client) wantSilence() {
	c.tb.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	if b, err := c.in.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.tb.Fatalf("got %q, %v; want nothing", b, err)
	}
}
