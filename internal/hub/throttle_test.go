package hub_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/journal"
)

// publishEvery publishes n events for alice, one per interval.
func (s *server) publishEvery(interval time.Duration, n int) {
	s.tb.Helper()
	for range n {
		s.publish("alice", "event")
		pass(interval)
	}
}

// writes returns how many writes had events, and how many events.
func (s *server) writes() (writes, events int) {
	s.metrics.mu.Lock()
	defer s.metrics.mu.Unlock()
	return s.metrics.writes, s.metrics.delivered
}

// openReading opens a socket for alice that reads everything.
func (s *server) openReading() {
	s.tb.Helper()
	c := s.open("alice")
	go func() { _, _ = io.Copy(io.Discard, c.in) }()
}

func TestThrottle_JoinsWritesAbove750EventsPerSecond(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		s.openReading()
		for _, step := range []struct {
			name        string
			interval    time.Duration
			settle      int // events before those that count
			events      int
			least, most int // writes
		}{
			{"500 events/s", 2 * time.Millisecond, 100, 500, 500, 500},
			{"1,000 events/s", time.Millisecond, 100, 1000, 60, 66},
			{"500 events/s, throttled", 2 * time.Millisecond, 100, 500, 60, 66},
			{"200 events/s", 5 * time.Millisecond, 20, 200, 200, 200},
			{"500 events/s, released", 2 * time.Millisecond, 0, 500, 500, 500},
		} {
			s.publishEvery(step.interval, step.settle)
			before, _ := s.writes()
			s.publishEvery(step.interval, step.events)
			after, _ := s.writes()
			if got := after - before; got < step.least || got > step.most {
				t.Errorf("%s: %d writes of %d events, want %d to %d", step.name, got, step.events, step.least, step.most)
			}
		}
		pass(16 * time.Millisecond)
		if _, got := s.writes(); uint64(got) != s.offset {
			t.Errorf("%d events were written, want all %d", got, s.offset)
		}
		for _, lag := range s.metrics.taken() {
			if lag > 16*time.Millisecond {
				t.Fatalf("an event waited %v, want at most 16 ms", lag)
			}
		}
	})
}

// After a pause the first event is written at once, however many came before.
func TestThrottle_FirstEventAfterAPauseIsNotDelayed(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		s.openReading()
		s.publishEvery(time.Millisecond, 200)
		pass(32 * time.Millisecond)
		_, before := s.writes()
		s.publish("alice", "event")
		synctest.Wait()
		if _, after := s.writes(); after != before+1 {
			t.Errorf("%d events were written at once, want 1", after-before)
		}
	})
}

// I3: a throttled session does not lose its place in the log.
func TestThrottle_EndsWhenTheLogFillsUp(t *testing.T) {
	const size = 100
	bubble(t, setup{journal: journal.Config{Size: size}}, func(t *testing.T, s *server) {
		s.openReading()
		s.publishEvery(time.Millisecond, 200)
		for range 10 {
			_, before := s.writes()
			for range size/4 + 1 {
				s.publish("alice", "event")
			}
			synctest.Wait()
			if _, after := s.writes(); after < before+size/4 {
				t.Errorf("%d of %d events were written at once, want at least %d", after-before, size/4+1, size/4)
			}
		}
		pass(16 * time.Millisecond)
		if _, got := s.writes(); uint64(got) != s.offset {
			t.Errorf("%d events were written, want all %d", got, s.offset)
		}
		s.wantSockets(1, 1)
	})
}

// A replay does not count: what comes after it is written at once.
func TestThrottle_NotByAReplay(t *testing.T) {
	bubble(t, quiet, func(t *testing.T, s *server) {
		from := s.skip()
		for n := range 900 {
			s.send("alice", trade(n))
		}
		c := s.resume("alice", from)
		go func() { _, _ = io.Copy(io.Discard, c.in) }()
		synctest.Wait()
		if _, got := s.writes(); got != 900 {
			t.Errorf("%d replayed events were written at once, want 900", got)
		}
		s.send("alice", trade(900))
		synctest.Wait()
		if _, got := s.writes(); got != 901 {
			t.Errorf("%d events were written at once, want 901", got)
		}
	})
}

// A session that is closed while it waits does not keep the hub from ending.
func TestThrottle_ClosedSession(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice")
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, c.in)
		}()
		s.publishEvery(time.Millisecond, 100)
		s.publish("alice", "event")
		_ = c.Close()
		s.publish("alice", "event")
		<-done
		synctest.Wait()
		s.wantSockets(0, 0)
	})
}
