package park_test

import (
	"context"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/hub/internal/park"
	"ranger/internal/testenv"
)

// pair returns a socket of a server, its raw connection, and its client.
func pair(t *testing.T) (server *net.TCPConn, raw syscall.RawConn, client net.Conn) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	client, err = new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close() // a test may have closed them
	})
	if raw, err = server.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	return server, raw, client
}

// run runs a Poller until the end of the test. stop ends it before, and returns the error
// of Run.
func run(t *testing.T) (p *park.Poller, stop func() error) {
	t.Helper()
	p = park.New()
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	var running sync.WaitGroup
	running.Go(func() { err = p.Run(ctx) })
	stop = func() error {
		cancel()
		running.Wait()
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return p, stop
}

// parks parks a socket, and reports whether that succeeded. Epoll must not refuse it.
func parks(t *testing.T, p *park.Poller, raw syscall.RawConn, w park.Waker) bool {
	t.Helper()
	parked, err := p.Park(raw, w)
	if err != nil {
		t.Fatalf("Park: %v", err)
	}
	return parked
}

func (b bell) want(t *testing.T, when string) {
	t.Helper()
	select {
	case <-b:
	case <-time.After(testenv.Patience):
		t.Fatalf("%s: not notified", when)
	}
}

func TestPoller_NotifiesWhenSomethingComes(t *testing.T) {
	p, _ := run(t)
	server, raw, client := pair(t)
	b := newBell()
	for range 3 {
		if !parks(t, p, raw, b) {
			t.Fatal("Park = false, want true")
		}
		_, _ = io.WriteString(client, "x")
		b.want(t, "after a byte")
		if p.Unpark(park.Descriptor(raw), b) {
			t.Error("Unpark after the notification = true, want false")
		}
		if _, err := server.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
	}
	if !parks(t, p, raw, b) {
		t.Fatal("Park = false, want true")
	}
	_ = client.Close()
	b.want(t, "after the client has closed")
}

func TestPoller_UnparkedSocketIsNotNotified(t *testing.T) {
	p, stop := run(t)
	_, raw, client := pair(t)
	b := newBell()
	if !parks(t, p, raw, b) || !p.Unpark(park.Descriptor(raw), b) {
		t.Fatal("Park and Unpark are not true")
	}
	_, _ = io.WriteString(client, "x")
	if err := stop(); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if n := len(b); n != 0 {
		t.Errorf("notified %d times, want 0", n)
	}
}

func TestPoller_ClosedSocketIsNotParked(t *testing.T) {
	p, _ := run(t)
	server, raw, _ := pair(t)
	_ = server.Close()
	if parks(t, p, raw, newBell()) {
		t.Error("Park of a closed socket = true, want false")
	}
}

func TestPoller_EndOfRunNotifiesAll(t *testing.T) {
	p, stop := run(t)
	_, raw, _ := pair(t)
	b := newBell()
	if !parks(t, p, raw, b) {
		t.Fatal("Park = false, want true")
	}
	if err := stop(); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	b.want(t, "after Run")
	if parks(t, p, raw, b) {
		t.Error("Park after Run = true, want false")
	}
}

func TestPoller_NilParksNone(t *testing.T) {
	_, raw, _ := pair(t)
	var p *park.Poller
	if parks(t, p, raw, newBell()) || p.Unpark(park.Descriptor(raw), newBell()) {
		t.Error("a nil Poller has parked a socket")
	}
}
