package bench_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"ranger/internal/testenv"
	"ranger/internal/tools/bench"
)

// tcpPair returns both ends of a loopback connection.
func tcpPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	client, err = net.Dial("tcp", l.Addr().String()) //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return client, server
}

// stampedPair is tcpPair with timestamps in effect: the kernel starts to record them
// some time after the first socket has requested them.
func stampedPair(t *testing.T) (a bench.TimedReader, client, server net.Conn) {
	t.Helper()
	client, server = tcpPair(t)
	a = bench.NewTimedReader(client)
	end := time.Now().Add(testenv.Patience)
	for a.At().IsZero() {
		if time.Now().After(end) {
			t.Fatal("the kernel reports no timestamps")
		}
		write(t, server, "first")
		read(t, a, "first")
	}
	return a, client, server
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// read requires that one read returns text.
func read(t *testing.T, r io.Reader, text string) {
	t.Helper()
	b := make([]byte, 100)
	n, err := r.Read(b)
	if got := string(b[:n]); err != nil || got != text {
		t.Fatalf("got %q, %v, want %q", got, err, text)
	}
}

// TestTimedReader_ReportsArrival: bytes that are read late have their time of arrival.
func TestTimedReader_ReportsArrival(t *testing.T) {
	a, _, server := stampedPair(t)
	for range 100 {
		before := time.Now().Round(0) // without the monotonic clock
		write(t, server, "a")
		after := time.Now().Round(0)
		read(t, a, "a")
		if at := a.At(); at.Before(before) || at.After(after) {
			t.Fatalf("got arrival at %v, want one from %v to %v", at, before, after)
		}
	}
}

// TestTimedReader_TwoSegments: two segments in one read have the time of the later one.
func TestTimedReader_TwoSegments(t *testing.T) {
	a, _, server := stampedPair(t)
	write(t, server, "a")
	between := time.Now().Round(0)
	write(t, server, "b")
	after := time.Now().Round(0)
	if _, err := io.ReadFull(a, make([]byte, 2)); err != nil { // usually one read
		t.Fatal(err)
	}
	if at := a.At(); at.Before(between) || at.After(after) {
		t.Errorf("got arrival at %v, want one from %v to %v", at, between, after)
	}
}

// TestTimedReader_Waits: a read waits until bytes arrive.
func TestTimedReader_Waits(t *testing.T) {
	a, _, server := stampedPair(t)
	started, done := make(chan struct{}), make(chan error)
	go func() {
		close(started)
		_, err := a.Read(make([]byte, 1))
		done <- err
	}()
	<-started
	before := time.Now().Round(0)
	write(t, server, "a")
	after := time.Now().Round(0)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if at := a.At(); at.Before(before) || at.After(after) {
		t.Errorf("got arrival at %v, want one from %v to %v", at, before, after)
	}
}

// TestTimedReader_Errors: errors are those of the connection's own reads.
func TestTimedReader_Errors(t *testing.T) {
	a, client, server := stampedPair(t)
	b := make([]byte, 1)
	check := func(want error) {
		t.Helper()
		if n, err := a.Read(b); n != 0 || !errors.Is(err, want) {
			t.Errorf("got %d bytes, %v, want 0 and %v", n, err, want)
		}
	}
	_ = client.SetReadDeadline(time.Unix(1, 0))
	check(os.ErrDeadlineExceeded)
	_ = client.SetReadDeadline(time.Time{})
	_ = server.Close()
	check(io.EOF)
	_ = client.Close()
	check(net.ErrClosed)
}

// TestTimedReader_DoesNotAllocate: reads allocate no memory.
func TestTimedReader_DoesNotAllocate(t *testing.T) {
	a, _, server := stampedPair(t)
	b, text := make([]byte, 100), []byte("text")
	got := testing.AllocsPerRun(100, func() {
		_, err := server.Write(text)
		n, rerr := a.Read(b)
		if err != nil || rerr != nil || n != len(text) || a.At().IsZero() {
			t.Errorf("got %d bytes at %v, errors %v, %v", n, a.At(), err, rerr)
		}
	})
	if got != 0 {
		t.Errorf("got %v allocations per read, want 0", got)
	}
}

// TestTimedReader_Pipe: a connection without timestamps is read without them.
func TestTimedReader_Pipe(t *testing.T) {
	pipe, other := net.Pipe()
	defer func() { _ = pipe.Close() }()
	go func() { _, _ = io.WriteString(other, "a"); _ = other.Close() }()
	a := bench.NewTimedReader(pipe)
	read(t, a, "a")
	if !a.At().IsZero() {
		t.Errorf("got arrival at %v, want none", a.At())
	}
}
