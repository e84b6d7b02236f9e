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

func run(t *testing.T) (p *park.Poller, stop func()) {
	t.Helper()
	p = park.New()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return p, stop
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
		if !p.Park(raw, b) {
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
	if !p.Park(raw, b) {
		t.Fatal("Park = false, want true")
	}
	_ = client.Close()
	b.want(t, "after the client has closed")
}

func TestPoller_UnparkedSocketIsNotNotified(t *testing.T) {
	p, stop := run(t)
	_, raw, client := pair(t)
	b := newBell()
	if !p.Park(raw, b) || !p.Unpark(park.Descriptor(raw), b) {
		t.Fatal("Park and Unpark are not true")
	}
	_, _ = io.WriteString(client, "x")
	stop()
	if n := len(b); n != 0 {
		t.Errorf("notified %d times, want 0", n)
	}
}

func TestPoller_ClosedSocketIsNotParked(t *testing.T) {
	p, _ := run(t)
	server, raw, _ := pair(t)
	_ = server.Close()
	if p.Park(raw, newBell()) {
		t.Error("Park of a closed socket = true, want false")
	}
}

func TestPoller_EndOfRunNotifiesAll(t *testing.T) {
	p, stop := run(t)
	_, raw, _ := pair(t)
	b := newBell()
	if !p.Park(raw, b) {
		t.Fatal("Park = false, want true")
	}
	stop()
	b.want(t, "after Run")
	if p.Park(raw, b) {
		t.Error("Park after Run = true, want false")
	}
}

func TestPoller_NilParksNone(t *testing.T) {
	_, raw, _ := pair(t)
	var p *park.Poller
	if p.Park(raw, newBell()) || p.Unpark(park.Descriptor(raw), newBell()) {
		t.Error("a nil Poller has parked a socket")
	}
}
