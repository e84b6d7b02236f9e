package rawio_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"ranger/internal/rawio"
)

// tcpPair returns the two ends of a connection.
func tcpPair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	a, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = a.Close()
		_ = b.Close() // a test may have closed it
	})
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

func TestReader_ReadsAsTheConnection(t *testing.T) {
	near, far := tcpPair(t)
	in := rawio.NewReader(near)
	if in == near {
		t.Fatalf("NewReader of a TCP connection = %T, want another reader", in)
	}
	var buf [64]byte
	read := func(want string) {
		t.Helper()
		if n, err := in.Read(buf[:]); string(buf[:n]) != want || err != nil {
			t.Errorf("Read = %q, %v; want %q", buf[:n], err, want)
		}
	}
	write := func(text string) {
		t.Helper()
		if _, err := far.Write([]byte(text)); err != nil {
			t.Error(err)
		}
	}
	write("at hand")
	read("at hand")
	done := make(chan struct{})
	go func() {
		defer close(done)
		read("waited for")
	}()
	write("waited for")
	<-done

	if n, err := in.Read(nil); n != 0 || err != nil {
		t.Errorf("Read into nothing = %d, %v; want 0 and no error", n, err)
	}
	if err := near.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Read(buf[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read beyond its deadline: %v, want os.ErrDeadlineExceeded", err)
	}
	if err := near.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	_ = far.Close()
	if n, err := in.Read(buf[:]); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("Read at the end = %d, %v; want io.EOF", n, err)
	}
}

func TestReader_ErrorIsThatOfTheConnection(t *testing.T) {
	near, far := tcpPair(t)
	if err := far.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = far.Close() // with a reset
	_, err := rawio.NewReader(near).Read(make([]byte, 8))
	if opErr, ok := errors.AsType[*net.OpError](err); !ok || opErr.Op != "read" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Read after a reset: %#v, want a *net.OpError of ECONNRESET", err)
	}
}

func TestReader_DoesNotAllocate(t *testing.T) {
	near, far := tcpPair(t)
	in, buf, text := rawio.NewReader(near), make([]byte, 64), []byte("text")
	if n := testing.AllocsPerRun(100, func() {
		_, _ = far.Write(text)
		_, _ = in.Read(buf)
	}); n > 0 {
		t.Errorf("a read takes %v allocations, want 0", n)
	}
}

func TestNewReader_ReturnsWhatIsNoSocketItself(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	defer func() { _ = far.Close() }()
	if in := rawio.NewReader(near); in != near {
		t.Errorf("NewReader of a pipe = %T, want the pipe itself", in)
	}
}
