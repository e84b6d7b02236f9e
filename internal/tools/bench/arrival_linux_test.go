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

// tcpPair returns both ends of a connection over loopback.
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

// stampedPair is tcpPair once the system notes when segments come: it begins to
// some time after the first socket has asked for it.
func stampedPair(t *testing.T) (a bench.Arrival, client, server net.Conn) {
	t.Helper()
	client, server = tcpPair(t)
	a = bench.NewArrival(client)
	end := time.Now().Add(testenv.Patience)
	for a.At().IsZero() {
		if time.Now().After(end) {
			t.Fatal("the system does not say when segments come")
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

// read wants one read to return text.
func read(t *testing.T, r io.Reader, text string) {
	t.Helper()
	b := make([]byte, 100)
	n, err := r.Read(b)
	if got := string(b[:n]); err != nil || got != text {
		t.Fatalf("read %q, %v, want %q", got, err, text)
	}
}

// TestArrival reads late what came early, and the time is that of the coming.
func TestArrival(t *testing.T) {
	a, _, server := stampedPair(t)
	for range 100 {
		before := time.Now().Round(0) // the system's clock
		write(t, server, "a")
		after := time.Now().Round(0)
		read(t, a, "a")
		if at := a.At(); at.Before(before) || at.After(after) {
			t.Fatalf("it came at %v, but was written from %v to %v", at, before, after)
		}
	}
}

// TestArrivalOfTwo reads two segments at once: the time is that of the later.
func TestArrivalOfTwo(t *testing.T) {
	a, _, server := stampedPair(t)
	write(t, server, "a")
	between := time.Now().Round(0)
	write(t, server, "b")
	after := time.Now().Round(0)
	if _, err := io.ReadFull(a, make([]byte, 2)); err != nil { // in one read, as a rule
		t.Fatal(err)
	}
	if at := a.At(); at.Before(between) || at.After(after) {
		t.Errorf("they came at %v, but the second was written from %v to %v", at, between, after)
	}
}

// TestArrivalWaits has a reader wait for what is written then.
func TestArrivalWaits(t *testing.T) {
	a, _, server := stampedPair(t)
	begun, done := make(chan struct{}), make(chan error)
	go func() {
		close(begun)
		_, err := a.Read(make([]byte, 1))
		done <- err
	}()
	<-begun
	before := time.Now().Round(0)
	write(t, server, "a")
	after := time.Now().Round(0)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if at := a.At(); at.Before(before) || at.After(after) {
		t.Errorf("it came at %v, but was written from %v to %v", at, before, after)
	}
}

// TestArrivalEnds wants the errors of a connection's own reads.
func TestArrivalEnds(t *testing.T) {
	a, client, server := stampedPair(t)
	b := make([]byte, 1)
	check := func(want error) {
		t.Helper()
		if n, err := a.Read(b); n != 0 || !errors.Is(err, want) {
			t.Errorf("read %d bytes, %v, want %v", n, err, want)
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

// TestArrivalAllocates: a socket's reads cost no memory.
func TestArrivalAllocates(t *testing.T) {
	a, _, server := stampedPair(t)
	b, text := make([]byte, 100), []byte("text")
	got := testing.AllocsPerRun(100, func() {
		_, err := server.Write(text)
		n, rerr := a.Read(b)
		if err != nil || rerr != nil || n != len(text) || a.At().IsZero() {
			t.Errorf("read %d bytes at %v: %v, %v", n, a.At(), err, rerr)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations a read", got)
	}
}

// TestArrivalUnknown reads what has no times of segments.
func TestArrivalUnknown(t *testing.T) {
	pipe, other := net.Pipe()
	defer func() { _ = pipe.Close() }()
	go func() { _, _ = io.WriteString(other, "a"); _ = other.Close() }()
	a := bench.NewArrival(pipe)
	read(t, a, "a")
	if !a.At().IsZero() {
		t.Errorf("a pipe's bytes came at %v", a.At())
	}
}
