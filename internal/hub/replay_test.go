package hub_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/journal"
)

// I3: a replay of 1,000 events while live ones keep coming: in order, each once,
// marked to the instant of the resume and no further, with one heartbeat between.
func TestReplayWhileLive(t *testing.T) {
	const before, live = 1000, 500
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.journal.Size = before + live
	bubble(t, cfg, func(t *testing.T, s *server) {
		first := s.nobody()
		var want []string
		publish := func(n int) {
			want = append(want, trade(n))
			s.tell("alice", trade(n))
			s.tell("bob", trade(n))
		}
		for i := range before {
			publish(i)
		}
		until, _ := s.window.Last()
		c := s.resume("alice", first)
		var publishing sync.WaitGroup
		defer publishing.Wait()
		publishing.Go(func() {
			for i := range live {
				publish(before + i)
				<-time.After(time.Millisecond)
			}
		})
		v := view{tb: t}
		for i := 0; len(v.events) < before+live; i++ {
			if i%7 == 0 {
				pass(time.Millisecond)
			}
			if len(v.events) == before && v.beats == 0 {
				c.wantBeat(until, v.last())
				v.beats++
				continue
			}
			v.take(c.read().payload)
			if wantReplays := min(before, len(v.events)); v.replays != wantReplays {
				t.Fatalf("%d of %d events are marked as replays", v.replays, len(v.events))
			}
		}
		publishing.Wait()
		if diff := cmp.Diff(want, v.events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if v.beats != 1 {
			t.Errorf("%d heartbeats, want the one between", v.beats)
		}
	})
}

// A replay of many times what one write holds.
func TestReplayOfManyBatches(t *testing.T) {
	bubble(t, quiet, func(t *testing.T, s *server) {
		first := s.nobody()
		var want []string
		for i := range 300 {
			text := fmt.Sprintf(`{"orderbook":{"id":%d,"x":"%s"}}`, i, strings.Repeat("x", 50*i))
			s.tell("alice", text)
			want = append(want, text)
		}
		until := s.nobody()
		c := s.resume("alice", first)
		v := view{tb: t}
		for range want {
			v.take(c.read().payload)
		}
		if diff := cmp.Diff(want, v.events); diff != "" || v.replays != len(want) {
			t.Errorf("%d replays of %d; events (-want +got):\n%s", v.replays, len(want), diff)
		}
		c.want(beat(until, v.last()))
		c.wantSilence()
	})
}

// What comes between the resume and the writer's first look is live.
func TestLiveBehindAReplayNotYetRead(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		first := s.nobody()
		p := s.tell("alice", trade(1))
		c := s.dial()
		c.say(after("alice", first))
		pass(0) // the writer waits for its reader, with what it had then
		q := s.tell("alice", trade(2))
		c.want(resumed, with(trade(1), p, none, replayed), beat(p, 1), with(trade(2), q, 1))
	})
}

// I2, I3: a client that is too slow is told, and loses nothing when it resumes
// on a new socket.
func TestTooSlowThenResumes(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.journal.Size = 4
	bubble(t, cfg, func(t *testing.T, s *server) {
		c := s.follow("alice", s.nobody())
		v := view{tb: t}
		s.tell("alice", trade(1))
		pass(0) // it is on its way
		for i := 2; i <= 4; i++ {
			s.tell("alice", trade(i))
		}
		v.take(c.read().payload)
		pass(0) // three more are on their way
		for i := 5; i <= 9; i++ {
			s.tell("alice", trade(i))
		}
		for range 3 {
			v.take(c.read().payload)
		}
		c.wantClose(4100, "too slow")
		// 5 is gone: that is said as well.
		last, _ := s.window.Last()
		s.ask(after("alice", v.position), notResumed(last))
		s.wantClosed(map[int]int{4100: 1})
	})
	cfg.journal.Size = 1000
	bubble(t, cfg, func(t *testing.T, s *server) {
		c := s.follow("alice", s.nobody())
		v := view{tb: t}
		s.tell("alice", trade(0))
		v.take(c.read().payload)
		for i := 1; i < 1000; i++ {
			s.tell("alice", trade(i))
			if i == 1 {
				pass(0)
			}
		}
		_ = c.Close() // whatever was on its way
		pass(0)
		c = s.resume("alice", v.position)
		for v.beats == 0 {
			v.take(c.read().payload)
		}
		if len(v.events) != 1000 || v.replays != 999 {
			t.Errorf("%d events, %d of them replays", len(v.events), v.replays)
		}
	})
}

// A gap stands in a replay where it stood in the stream, and is told once: also
// one that was told live already to a socket that is still there.
func TestGaps(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		first := s.tell("alice", trade(0))
		live, bob, seed := s.follow("alice", first), s.follow("bob", first), s.open("alice")
		a := s.tell("alice", trade(1))
		g := s.gap()
		b := s.tell("alice", trade(2))
		own := s.gapOf("alice")
		d := s.tell("alice", trade(3))
		bobs := s.gapOf("bob")
		live.want(with(trade(1), a, 0), told(g), with(trade(2), b, 1), told(own), with(trade(3), d, 3))
		bob.want(told(g), told(bobs))
		seed.want(trade(1), trade(2), trade(3))

		c := s.resume("alice", first, with(trade(1), a, 0, replayed), told(g), with(trade(2), b, 1, replayed), told(own), with(trade(3), d, 3, replayed), beat(bobs, 5))
		s.resume("alice", g, with(trade(2), b, 1, replayed), told(own), with(trade(3), d, 3, replayed), beat(bobs, 5))
		s.resume("alice", own, with(trade(3), d, 3, replayed), beat(bobs, 5))
		s.resume("bob", first, told(g), told(bobs), beat(bobs, none))
		for _, c := range []*client{live, bob, seed, c} {
			c.wantSilence()
		}
		// The last of a replay may be a gap, and a gap may be the first live.
		g2 := s.gap()
		c.want(told(g2))
		c = s.resume("alice", d, told(g2), beat(g2, 5))
		g3 := s.gap()
		c.want(told(g3))
		// Filters hide none.
		s.ask(asking("alice", `"resume":"`+d.String()+`","markets":"none","events":"orderbook"`), resumed, told(g2), told(g3), beat(g3, none))
	})
}

// Who cannot be told of a gap any more is told that it fell behind.
func TestBehindTheGaps(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.journal.TTL = time.Minute
	bubble(t, cfg, func(_ *testing.T, s *server) {
		c, seed := s.follow("alice", s.nobody()), s.open("alice")
		p := s.tell("alice", trade(1))
		at := time.Now().UnixMilli()
		pass(0) // on its way
		s.gap()
		pass(2 * time.Minute)
		s.nobody()
		c.want(withAt(trade(1), p, none, at))
		c.wantClose(4100, "too slow")
		seed.want(trade(1))
		seed.wantSilence()
		s.wantClosed(map[int]int{4100: 1})
	})
}

// prev is absent where the event before is older than the window, though this
// socket knows it: a node that has just begun would not.
func TestPrevIsInTheWindow(t *testing.T) {
	cfg := quiet
	cfg.journal.TTL = time.Minute
	cfg.hub.HeartbeatInterval = time.Hour
	bubble(t, cfg, func(_ *testing.T, s *server) {
		c := s.follow("alice", s.nobody())
		p := s.tell("alice", trade(1))
		c.want(with(trade(1), p, none))
		pass(time.Minute)
		p = s.tell("alice", trade(2))
		c.want(with(trade(2), p, 1))
		pass(time.Minute + time.Millisecond)
		p = s.tell("alice", trade(3))
		c.want(with(trade(3), p, none))
	})
}

// Two sockets of one user on one node are told the same, whenever they came.
func TestPrevIsTheSameForAll(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		a := s.follow("alice", s.nobody())
		p := s.tell("alice", trade(1))
		a.want(with(trade(1), p, none))
		b := s.follow("alice", p)
		p = s.tell("alice", trade(2))
		a.want(with(trade(2), p, 1))
		b.want(with(trade(2), p, 1))
	})
}

// Offsets and positions of any size.
func TestLargeOffsets(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		s.offset = journal.MaxOffset - 3
		first := s.tell("alice", trade(1))
		c := s.resume("alice", first, beat(first, journal.MaxOffset-3))
		p := s.tell("alice", `{"orderbook":{}}`)
		c.want(with(`{"orderbook":{}}`, p, journal.MaxOffset-3))
		big := `{"trade":{"x":"` + strings.Repeat("x", 70_000) + `"}}`
		q := s.tell("alice", big)
		c.want(with(big, q, journal.MaxOffset-2))
	})
}

// One event costs no allocation: neither on a socket, nor on a further one of its user,
// nor with positions.
func TestEventsAllocateNothing(t *testing.T) {
	j := journal.New(journal.Config{})
	h := newHub(j, &counters{})
	writers := []func(heartbeat bool) error{
		h.NewWriter("alice", sink{}, false, ""), h.NewWriter("alice", sink{}, false, ""),
		h.NewWriter("alice", sink{}, true, "markets=btcusd,ethusd"),
	}
	write := func() {
		for _, w := range writers {
			if err := w(false); err != nil {
				t.Fatal(err)
			}
		}
	}
	feed(j, "alice")
	write()
	base := testing.AllocsPerRun(200, func() { feed(j, "alice") })
	if n := testing.AllocsPerRun(200, func() { feed(j, "alice"); write() }); n > base {
		t.Errorf("%v allocations, want %v", n, base)
	}
}
