package hub_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// The lag of a write is that of its oldest event, to the µs. Replays do not count.
func TestLag_IsThatOfTheOldestLiveEvent(t *testing.T) {
	bubble(t, quiet, func(t *testing.T, s *server) {
		from := s.skip()
		s.send("alice", trade(1))
		pass(time.Minute)
		c := s.resume("alice", from)
		c.read() // a replay
		c.read() // the heartbeat after it
		taken := time.Now()
		pass(1500 * time.Microsecond)
		s.append(journal.Message{
			At: taken.UnixMilli(), Micros: uint16(taken.Nanosecond() / 1000 % 1000),
			Events: []event.Event{{UID: "alice", Kind: event.Trade, Message: []byte(trade(2))}},
		})
		c.read()
		pass(0)
		if diff := cmp.Diff([]time.Duration{1500 * time.Microsecond}, s.metrics.taken()); diff != "" {
			t.Errorf("lags (-want +got):\n%s", diff)
		}
	})
}

func (c *counters) taken() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lags
}
