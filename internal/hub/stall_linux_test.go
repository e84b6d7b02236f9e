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
	"ranger/internal/testenv"
)

// stalled is a number of events of a kilobyte that no socket with small buffers takes at
// once.
const stalled = 1000

// longText returns the i-th of them.
func longText(i int) string { return fmt.Sprint(i, " ", strings.Repeat("x", 900+i%200)) }

// dialSmall opens a socket for alice with a small receive buffer.
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

// flood publishes the events from the given one on for alice, as fast as quick reads them.
func (s *tcpServer) flood(from int, quick *client) {
	s.tb.Helper()
	for i := from; i < stalled; i++ {
		s.publish("alice", longText(i))
		quick.want(longText(i))
	}
}

// I4: a peer that stalls delays no other socket. When it reads again it gets everything,
// whole and in order.
func TestStall_PeerThatReadsAgainGetsEverything(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg, journal: journal.Config{Size: stalled}}, 4096)
		slow, quick, other := s.dialSmall(), s.dial("alice"), s.dial("bob")
		s.flood(0, quick)
		other.talk([2]string{"ping", "pong"})
		slow.say("ping") // answered between the events
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
		s.wantParked(3)
		s.publish("alice", "last")
		slow.want("last")
		quick.want("last")
	})
}

func TestStall_WriteTimeoutEndsWithTheStall(t *testing.T) {
	s := onTCP(t, setup{}, 4096)
	c := s.dialSmall()
	const events = 60
	for i := range events {
		s.publish("alice", longText(i))
	}
	conn, _ := s.wantStall(c)
	for i := range events {
		c.want(longText(i))
	}
	conn.passDeadline()
	s.publish("alice", "after the stall")
	c.want("after the stall")
	c.talk([2]string{"ping", "pong"})
}

// A peer that takes nothing for a write timeout is dropped. It has got whole frames, and
// the beginning of the last one.
func TestStall_PeerIsDroppedAfterTheWriteTimeout(t *testing.T) {
	const timeout = 20 * time.Minute
	s := onTCP(t, setup{hub: hub.Config{WriteTimeout: timeout}}, 4096)
	slow, quick := s.dialSmall(), s.dial("alice")
	start := time.Now()
	s.flood(0, quick)
	conn, due := s.wantStall(slow)
	if due.Before(start.Add(timeout)) || due.After(time.Now().Add(timeout)) {
		t.Errorf("the write deadline is %v, want %v after the write began", due, timeout)
	}
	conn.passDeadline()
	s.wantEnded(1006)
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

// A peer that falls behind its user's log is closed with 4100 after what was on its way.
func TestStall_PeerThatFallsBehindIsClosed(t *testing.T) {
	s := onTCP(t, setup{journal: journal.Config{Size: 4}}, 4096)
	slow, quick := s.dialSmall(), s.dial("alice")
	sent := 0
	for conn := s.conn(slow); !conn.isStalled(); sent++ {
		s.publish("alice", longText(sent))
		quick.want(longText(sent))
		testenv.Eventually(t, "both were written to", func() bool {
			delivered, _, _ := s.metrics.read()
			return delivered == 2*(sent+1) || conn.isStalled()
		})
	}
	s.flood(sent, quick)
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
		t.Errorf("the last event was %d, want one between the first and the last", last)
	}
	slow.send(masked(final|opClose, closing(4100, "")))
	slow.wantEnd()
	s.wantEnded(4100)
	quick.talk([2]string{"ping", "pong"})
}

// Sockets come and go in every way, on the same few descriptors, while events flow: each
// ends once, and one that stays misses nothing.
func TestDescriptors_AreUsedAgain(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		testenv.Heavy(t)
		const clients, visits = 12, 40
		s := onTCP(t, setup{hub: cfg}, 0)
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
			case <-time.After(testenv.Patience):
				t.Fatal("a socket has not ended")
			}
		}
		s.wantSockets(1, 1)
		s.wantParked(1)
	})
}

// visit opens a socket, reads an event or two, and leaves in one of four ways.
func (s *tcpServer) visit(way int) {
	conn, err := new(net.Dialer).DialContext(s.tb.Context(), "tcp", s.addr)
	if err != nil {
		s.tb.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	c := s.dialOver(conn, "/")
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
		c.send(masked(final|opText, "ping")) // the answer is not read
	default:
		c.send(masked(final|opClose, closing(1000, "")))
		_, _ = io.Copy(io.Discard, c.in)
	}
}
