package hub_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"ranger/internal/hub"
)

// I7: a client that only sends is slowed down to the speed at which it reads: the server reads
// no message before the answer to the last one is written.
func TestBackpressure_ClientThatOnlySendsIsSlowed(t *testing.T) {
	const messages = 10_000
	const readBuffer = 512 // bytes, of the hub
	bubble(t, setup{hub: hub.Config{WriteTimeout: time.Minute}}, func(t *testing.T, s *server) {
		c := s.dial()
		var taken atomic.Int64
		go func() {
			for i := range messages {
				if _, err := c.Write(message(i)); err != nil {
					t.Errorf("message %d: %v", i, err)
					return
				}
				taken.Add(1)
			}
		}()
		for i := range messages {
			if i%1000 == 0 {
				pass(time.Second)
				// At most those that were answered, and what a read buffer holds.
				if ahead := int(taken.Load()) - i; ahead > readBuffer/len(message(0))+2 {
					t.Fatalf("%d messages were read before the answer to the first, want what a buffer holds", ahead)
				}
				if queued := s.hub.Queued(); queued > 200 {
					t.Fatalf("%d bytes are queued for a client that does not read, want at most 200", queued)
				}
			}
			if got, want := c.read(), answer(i); got != want {
				t.Fatalf("answer %d is %+v, want %+v", i, got, want)
			}
		}
		c.wantSilence()
	})
}

// message and answer return the i-th of a client that sends messages of all kinds.
func message(i int) []byte {
	switch i % 4 {
	case 0:
		return masked(final|opText, "ping")
	case 1:
		return masked(final|opPing, fmt.Sprint(i))
	case 2:
		return masked(final|opText, "{}")
	default:
		return masked(final|opBinary, "")
	}
}

func answer(i int) frame {
	switch i % 4 {
	case 0:
		return frame{opText, "pong"}
	case 1:
		return frame{opPong, fmt.Sprint(i)}
	case 2:
		return frame{opText, noBearer}
	default:
		return frame{opText, badMessage}
	}
}

// Ping frames are answered one by one, as messages are.
func TestBackpressure_PingsDelayNoEvent(t *testing.T) {
	const pings = 2000
	bubble(t, setup{hub: hub.Config{WriteTimeout: time.Minute}}, func(t *testing.T, s *server) {
		c := s.open("alice")
		go func() {
			for i := range pings {
				_, _ = c.Write(masked(final|opPing, fmt.Sprint(i)))
			}
		}()
		pass(time.Second)
		s.publish("alice", "event")
		if queued := s.hub.Queued(); queued > 200 {
			t.Errorf("%d bytes are queued for a client that does not read, want at most 200", queued)
		}
		next, eventAt := 0, -1
		for next < pings || eventAt < 0 {
			got := c.read()
			if got == (frame{opText, "event"}) {
				eventAt = next
				continue
			}
			if want := (frame{opPong, fmt.Sprint(next)}); got != want {
				t.Fatalf("got %+v, want %+v", got, want)
			}
			next++
		}
		if eventAt > 2 {
			t.Errorf("the event came after %d pongs, want at most 2", eventAt)
		}
	})
}
