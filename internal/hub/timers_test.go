package hub_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
)

// sweep is how late a timer may be noticed.
const sweep = time.Second

// wantSince compares the time since start, which may be up to a sweep longer.
func wantSince(tb testing.TB, start time.Time, want time.Duration) {
	tb.Helper()
	if got := time.Since(start); got < want || got > want+sweep {
		tb.Errorf("after %v, want %v to %v", got, want, want+sweep)
	}
}

func TestAuthTimeout_ClosesWithoutAValidToken(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		start := time.Now()
		c := s.dial()
		pass(20 * time.Second)
		c.talk([2]string{bearer("bad"), refused}, [2]string{`{}`, noBearer}) // does not extend it
		c.wantFrameAfterPings(opClose, closing(4002, "authentication timeout"))
		wantSince(t, start, 30*time.Second)
		c.send(masked(final|opClose, closing(4002, "")))
		c.wantEnd()
		s.wantClosed(map[int]int{4002: 1})
	})
}

// wantFrameAfterPings skips pings, unanswered, until another frame comes.
func (c *client) wantFrameAfterPings(opcode byte, payload string) {
	c.tb.Helper()
	for {
		got := c.read()
		if got.opcode == opPing {
			continue
		}
		if want := (frame{opcode, payload}); got != want {
			c.tb.Fatalf("got %+v, want %+v", got, want)
		}
		return
	}
}

// slowly returns a verifier that takes so long.
func slowly(d time.Duration) verifyFunc {
	return func(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error) {
		<-time.After(d)
		return readToken(ctx, token, peer)
	}
}

// Waiting for the verifier counts neither for AuthTimeout nor as silence.
func TestAuthTimeout_DoesNotCountVerification(t *testing.T) {
	bubble(t, setup{verify: slowly(80 * time.Second)}, func(t *testing.T, s *server) {
		c := s.dial()
		pass(20 * time.Second)
		c.say(bearer("bad"))
		c.wantFrameAfterPings(opText, refused)
		start := time.Now()
		c.wantFrameAfterPings(opClose, closing(4002, "authentication timeout"))
		wantSince(t, start, 10*time.Second)

		c = s.dial()
		c.say(bearer("alice"))
		c.wantFrameAfterPings(opText, authenticated)
		s.publish("alice", "1")
		c.wantFrameAfterPings(opText, "1")
	})
}

func TestPing_ComesEveryInterval(t *testing.T) {
	bubble(t, setup{hub: hub.Config{PingInterval: 7 * time.Second}}, func(t *testing.T, s *server) {
		c := s.open("alice")
		for i := range 10 {
			start := time.Now()
			c.wantFrame(opPing, "")
			if got := time.Since(start); got != 7*time.Second {
				t.Errorf("ping %d came after %v, want 7s", i, got)
			}
			c.send(masked(final|opPong, ""))
		}
	})
}

func TestPing_SilentPeerIsDropped(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c := s.open("alice")
		start := time.Now()
		c.wantFrame(opPing, "")
		wantSince(t, start, 30*time.Second)
		c.wantEnd() // without a close frame: the peer is gone
		wantSince(t, start, 60*time.Second)
		s.wantClosed(map[int]int{1006: 1})
	})
}

// Any byte shows that the peer is alive, also half a frame.
func TestPing_AnyByteCounts(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c := s.open("alice")
		c.wantFrame(opPing, "")
		pass(20 * time.Second)
		c.send(masked(final|opText, "ping")[:7])
		start := time.Now()
		c.wantFrame(opPing, "")
		c.wantFrame(opPing, "")
		c.wantEnd()
		wantSince(t, start, 60*time.Second)
		s.wantClosed(map[int]int{1006: 1})
	})
}

// Frames that never make a message do not extend AuthTimeout.
func TestAuthTimeout_EndsASlowUpload(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c := s.dial()
		start := time.Now()
		c.send(masked(opText, "x"))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				<-time.After(time.Second)
				if _, err := c.Write(masked(0, "")); err != nil {
					return
				}
			}
		}()
		c.wantFrameAfterPings(opClose, closing(4002, "authentication timeout"))
		wantSince(t, start, 30*time.Second)
		c.wantEnd()
		wantSince(t, start, 32*time.Second)
		<-done
	})
}

func TestWriteTimeout_DropsThePeer(t *testing.T) {
	bubble(t, setup{hub: hub.Config{WriteTimeout: 3 * time.Second}}, func(_ *testing.T, s *server) {
		s.open("alice")
		s.publish("alice", "nobody reads this")
		pass(3*time.Second - time.Nanosecond)
		s.wantClosed(nil)
		pass(time.Nanosecond)
		s.wantClosed(map[int]int{1006: 1})
		s.wantSockets(0, 0)
	})
}

func TestPing_ReachesEverySocket(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		start := time.Now()
		var clients []*client
		for range 37 {
			clients = append(clients, s.open("alice"))
			pass(70 * time.Millisecond)
		}
		done := make(chan bool)
		for _, c := range clients {
			go func() {
				c.wantFrame(opPing, "")
				done <- true
			}()
		}
		for range clients {
			<-done
		}
		wantSince(t, start, 30*time.Second+36*70*time.Millisecond)
	})
}
