package hub_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/hub"
	"ranger/internal/journal"
)

// stalled is how many events of a kilobyte no socket with small buffers takes at
// once.
const stalled = 1000

// longText is the i-th of them.
func longText(i int) string { return fmt.Sprint(i, " ", strings.Repeat("x", 900+i%200)) }

// dialSmall opens a socket of alice's whose client takes little that it does not read.
func (s *tcpServer) dialSmall() *client {
	s.tb.Helper()
	return s.dialWith("alice", &net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		})
		return errors.Join(err, failed)
	}})
}

// flood publishes the events for alice, no faster than quick reads them.
func (s *tcpServer) flood(quick *client) {
	s.tb.Helper()
	for i := range stalled {
		s.publish("alice", longText(i))
		quick.want(longText(i))
	}
}

// I4: a peer that stalls delays nobody, and gets all, whole and in order, when it
// reads again.
func TestStalledPeerReadsAgain(t *testing.T) {
	s := onTCP(t, setup{journal: journal.Config{Size: stalled}, hub: hub.Config{WriteTimeout: time.Minute}}, 4096)
	slow, quick, other := s.dialSmall(), s.dial("alice"), s.dial("bob")
	s.flood(quick)
	other.talk([2]string{"ping", "pong"})
	slow.say("ping") // is answered in between
	ponged := false
	for i := 0; i < stalled || !ponged; {
		switch got := slow.read(); {
		case !ponged && got == (frame{opText, "pong"}):
			ponged = true
		case got == (frame{opText, longText(i)}):
			i++
		default:
			t.Fatalf("event %d is %.20q of %d bytes", i, got.payload, len(got.payload))
		}
	}
	slow.talk([2]string{"ping", "pong"})
	s.wantResting(3)
	s.publish("alice", "last")
	slow.want("last")
	quick.want("last")
}

// When a stall is over, its write timeout is too.
func TestStallIsForgotten(t *testing.T) {
	s := onTCP(t, setup{hub: hub.Config{WriteTimeout: time.Second, PingInterval: 1200 * time.Millisecond}}, 4096)
	c := s.dialSmall()
	const events = 60
	for i := range events {
		s.publish("alice", longText(i))
	}
	for i := range events {
		c.want(longText(i))
	}
	c.wantFrame(opPing, "") // after more than a second
	c.send(masked(final|opPong, ""))
	c.talk([2]string{"ping", "pong"})
}

// One that takes nothing for a write timeout is dropped. What it got of the last
// frames is their beginning.
func TestStalledPeerIsDropped(t *testing.T) {
	s := onTCP(t, setup{hub: hub.Config{WriteTimeout: 500 * time.Millisecond}}, 4096)
	slow, quick := s.dialSmall(), s.dial("alice")
	start := time.Now()
	s.flood(quick)
	s.wantEnded(1006)
	if took := time.Since(start); took < 500*time.Millisecond {
		t.Errorf("it was dropped after %v, want 500ms", took)
	}
	for i := 0; ; i++ {
		got, err := slow.next()
		if err != nil {
			break
		}
		if got != (frame{opText, longText(i)}) {
			t.Fatalf("event %d is %.20q of %d bytes", i, got.payload, len(got.payload))
		}
	}
	quick.talk([2]string{"ping", "pong"})
}

// One that falls off its user's log is told so, behind what was on its way.
func TestStalledPeerIsTooSlow(t *testing.T) {
	s := onTCP(t, setup{journal: journal.Config{Size: 4}, hub: hub.Config{WriteTimeout: time.Minute}}, 4096)
	slow, quick := s.dialSmall(), s.dial("alice")
	s.flood(quick)
	last := 0
	for i := 0; ; i++ {
		got := slow.read()
		if got.opcode == opClose {
			if got.payload != closing(4100, "too slow") {
				t.Errorf("closed with %q, want 4100", got.payload)
			}
			break
		}
		if got != (frame{opText, longText(i)}) {
			t.Fatalf("event %d is %.20q of %d bytes", i, got.payload, len(got.payload))
		}
		last = i
	}
	if last == 0 || last == stalled-1 {
		t.Errorf("the last event was %d, want one on the way", last)
	}
	slow.send(masked(final|opClose, closing(4100, "")))
	slow.wantEnd()
	s.wantEnded(4100)
	quick.talk([2]string{"ping", "pong"})
}

// Sockets come and go in every way, on the same few descriptors, while events flow:
// each ends once, and who stays misses nothing.
func TestDescriptorsAreUsedAgain(t *testing.T) {
	const clients, visits = 12, 40
	s := onTCP(t, setup{}, 0)
	stays := s.dial("alice")
	done := make(chan struct{})
	var all, publisher sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for n := range visits {
				s.visit((i + n) % 4)
			}
		})
	}
	publisher.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				s.publish("alice", "end")
				return
			default:
				s.publish("alice", fmt.Sprint(i))
				stays.want(fmt.Sprint(i))
			}
		}
	})
	all.Wait()
	close(done)
	publisher.Wait()
	stays.want("end")
	for range clients * visits {
		select {
		case <-s.ended:
		case <-time.After(20 * time.Second):
			t.Fatal("not every socket has ended")
		}
	}
	s.wantSockets(1, 1)
	s.wantResting(1)
}

// visit opens a socket, hears an event or two, and goes in one of four ways.
func (s *tcpServer) visit(way int) {
	conn, err := new(net.Dialer).DialContext(s.tb.Context(), "tcp", s.addr)
	if err != nil {
		s.tb.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	c := s.dialOver(impatient{conn.(*net.TCPConn)}, "/")
	c.say(bearer("alice"))
	_ = c.read()
	switch way {
	case 0:
		_ = conn.(*net.TCPConn).SetLinger(0)
	case 1:
		c.send(masked(final|opPing, ""))
	case 2:
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = c.read()
		c.send(masked(final|opText, "ping")) // and nobody reads the answer
	default:
		c.send(masked(final|opClose, closing(1000, "")))
		_, _ = io.Copy(io.Discard, c.in)
	}
}
