package protocol_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/hub/internal/protocol"
)

// ControlFrame finds the pings and pongs that gorilla finds, to the byte; if it finds none,
// neither does gorilla find a whole one.
func FuzzControlFrame(f *testing.F) {
	for _, b := range [][]byte{
		nil, masked(final|opPing, ""), masked(final|opPing, "payload"), masked(final|opPong, "payload"),
		masked(final|opPing, string(make([]byte, 125))), masked(final|opPing, string(make([]byte, 126))),
		masked(final|opPing, "cut")[:8], masked(opPing, "not final"), masked(final|0x40|opPing, "reserved"),
		masked(final|opText, "text"), masked(final|opClose, "\x03\xe8"), masked(final|11, "unknown"),
		{final | opPing, 0},
		{final | opPing, 3, 'a', 'b', 'c', 'd', 'e'},
		append(masked(final|opPing, "one"), masked(final|opPong, "two")...),
		append(masked(final|opPong, "one"), masked(final|opText, "two")...),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		mine := slices.Clone(b)
		opcode, payload, n := protocol.ControlFrame(mine)
		if !bytes.Equal(mine[n:], b[n:]) {
			t.Errorf("ControlFrame(%q) changed what follows its %d bytes to %q", b, n, mine[n:])
		}
		if n > 0 {
			want := []frame{{opcode, string(payload)}}
			if got := readByGorilla(t, b[:n]); !slices.Equal(got, want) {
				t.Errorf("ControlFrame(%q) = %q, gorilla read %q", b[:n], want, got)
			}
			if _, _, cut := protocol.ControlFrame(slices.Clone(b[:n-1])); cut != 0 {
				t.Errorf("ControlFrame(%q) = %d bytes, want 0", b[:n-1], cut)
			}
			return
		}
		if len(b) > 0 && (b[0]&0xf == opPing || b[0]&0xf == opPong) {
			if got := readByGorilla(t, b); len(got) != 0 {
				t.Errorf("ControlFrame(%q) = 0 bytes, gorilla read %q", b, got)
			}
		}
	})
}

// readByGorilla returns the pings and pongs that gorilla finds.
func readByGorilla(tb testing.TB, b []byte) (got []frame) {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/", nil)
	r.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	var upgrader websocket.Upgrader
	ws, err := upgrader.Upgrade(taken{httptest.NewRecorder(), b}, r, nil)
	if err != nil {
		tb.Fatal(err)
	}
	note := func(opcode byte) func(string) error {
		return func(payload string) error {
			got = append(got, frame{opcode, payload})
			return nil
		}
	}
	ws.SetPingHandler(note(opPing))
	ws.SetPongHandler(note(opPong))
	for err == nil {
		_, _, err = ws.ReadMessage()
	}
	return got
}

// taken is a response with a connection that reads bytes and then ends.
type taken struct {
	*httptest.ResponseRecorder

	in []byte
}

func (h taken) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := bytesConn{in: bytes.NewReader(h.in)}
	return c, bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c)), nil
}

const (
	final   = 0x80
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

type frame struct {
	opcode  byte
	payload string
}

// masked returns a frame of a client; first is its first byte.
func masked(first byte, payload string) []byte {
	b := []byte{first}
	if n := len(payload); n < 126 {
		b = append(b, 0x80|byte(n))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	}
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}

type bytesConn struct {
	net.Conn

	in io.Reader
}

func (c bytesConn) Read(p []byte) (int, error)     { return c.in.Read(p) }
func (bytesConn) Write(p []byte) (int, error)      { return len(p), nil }
func (bytesConn) Close() error                     { return nil }
func (bytesConn) SetDeadline(time.Time) error      { return nil }
func (bytesConn) SetReadDeadline(time.Time) error  { return nil }
func (bytesConn) SetWriteDeadline(time.Time) error { return nil }
