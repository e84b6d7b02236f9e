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

// I3: a replay of 1,000 events while live ones come: in order, each once, marked up to the
// resume and no further, with one heartbeat between.
func TestReplayWhileLive(t *testing.T) {
	const before, live = 1000, 500
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.journal.Size = before + live
	bubble(t, cfg, func(t *testing.T, s *server) {
		first := s.skip()
		var want []string
		publish := func(n int) {
			want = append(want, trade(n))
			s.send("alice", trade(n))
			s.send("bob", trade(n))
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
				t.Fatalf("%d of %d events are marked as replays, want those before the resume", v.replays, len(v.events))
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

// The replay is many times as large as one write.
func TestReplay_OfManyBatches(t *testing.T) {
	bubble(t, quiet, func(t *testing.T, s *server) {
		first := s.skip()
		var want []string
		for i := range 300 {
			text := fmt.Sprintf(`{"orderbook":{"id":%d,"x":"%s"}}`, i, strings.Repeat("x", 50*i))
			s.send("alice", text)
			want = append(want, text)
		}
		until := s.skip()
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

// Events between the resume and the first write are live.
func TestReplay_EventsAfterTheResumeAreLive(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		first := s.skip()
		p := s.send("alice", trade(1))
		c := s.dial()
		c.say(after("alice", first))
		pass(0) // the writer waits for its reader, with what it had then
		q := s.send("alice", trade(2))
		c.want(resumed, with(trade(1), p, none, replayed), beat(p, 1), with(trade(2), q, 1))
	})
}

// I2, I3: a client that is too slow is closed with the reason, and loses nothing when it
// resumes.
func TestResume_AfterTooSlowLosesNothing(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.journal.Size = 4
	bubble(t, cfg, func(t *testing.T, s *server) {
		c := s.follow("alice", s.skip())
		v := view{tb: t}
		s.send("alice", trade(1))
		pass(0) // it is on its way
		for i := 2; i <= 4; i++ {
			s.send("alice", trade(i))
		}
		v.take(c.read().payload)
		pass(0) // three more are on their way
		for i := 5; i <= 9; i++ {
			s.send("alice", trade(i))
		}
		for range 3 {
			v.take(c.read().payload)
		}
		c.wantClose(4100, "too slow")
		// 5 is gone, which the answer says.
		last, _ := s.window.Last()
		s.ask(after("alice", v.position), notResumed(last))
		s.wantClosed(map[int]int{4100: 1})
	})
	cfg.journal.Size = 1000
	bubble(t, cfg, func(t *testing.T, s *server) {
		c := s.follow("alice", s.skip())
		v := view{tb: t}
		s.send("alice", trade(0))
		v.take(c.read().payload)
		for i := 1; i < 1000; i++ {
			s.send("alice", trade(i))
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
			t.Errorf("%d events, %d of them replays; want all", len(v.events), v.replays)
		}
	})
}

// A gap has the same place in a replay as in the stream, and comes once to each socket.
func TestGap_ComesInItsPlaceOnce(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		first := s.send("alice", trade(0))
		live, bob, seed := s.follow("alice", first), s.follow("bob", first), s.open("alice")
		a := s.send("alice", trade(1))
		g := s.gap()
		b := s.send("alice", trade(2))
		own := s.gapOf("alice")
		d := s.send("alice", trade(3))
		bobs := s.gapOf("bob")
		live.want(with(trade(1), a, 0), gapMessage(g), with(trade(2), b, 1), gapMessage(own), with(trade(3), d, 3))
		bob.want(gapMessage(g), gapMessage(bobs))
		seed.want(trade(1), trade(2), trade(3))

		c := s.resume("alice", first, with(trade(1), a, 0, replayed), gapMessage(g), with(trade(2), b, 1, replayed), gapMessage(own), with(trade(3), d, 3, replayed), beat(bobs, 5))
		s.resume("alice", g, with(trade(2), b, 1, replayed), gapMessage(own), with(trade(3), d, 3, replayed), beat(bobs, 5))
		s.resume("alice", own, with(trade(3), d, 3, replayed), beat(bobs, 5))
		s.resume("bob", first, gapMessage(g), gapMessage(bobs), beat(bobs, none))
		for _, c := range []*client{live, bob, seed, c} {
			c.wantSilence()
		}
		// A gap may be the last entry of a replay, and the first one after it.
		g2 := s.gap()
		c.want(gapMessage(g2))
		c = s.resume("alice", d, gapMessage(g2), beat(g2, 5))
		g3 := s.gap()
		c.want(gapMessage(g3))
		// Filters do not apply to gaps.
		s.ask(asking("alice", `"resume":"`+d.String()+`","markets":"none","events":"orderbook"`), resumed, gapMessage(g2), gapMessage(g3), beat(g3, none))
	})
}

// If a gap that a socket has not read is dropped, the socket is closed with 4100.
func TestGap_UnreadOnesMakeASocketTooSlow(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.journal.TTL = time.Minute
	bubble(t, cfg, func(_ *testing.T, s *server) {
		c, seed := s.follow("alice", s.skip()), s.open("alice")
		p := s.send("alice", trade(1))
		at := time.Now().UnixMilli()
		pass(0) // on its way
		s.gap()
		pass(2 * time.Minute)
		s.skip()
		c.want(withAt(trade(1), p, none, at))
		c.wantClose(4100, "too slow")
		seed.want(trade(1))
		seed.wantSilence()
		s.wantClosed(map[int]int{4100: 1})
	})
}

// prev is absent if the event before is older than the window, though this socket knows it: a
// node that has just started would not.
func TestPrev_IsWithinTheWindow(t *testing.T) {
	cfg := quiet
	cfg.journal.TTL = time.Minute
	cfg.hub.HeartbeatInterval = time.Hour
	bubble(t, cfg, func(_ *testing.T, s *server) {
		c := s.follow("alice", s.skip())
		p := s.send("alice", trade(1))
		c.want(with(trade(1), p, none))
		pass(time.Minute)
		p = s.send("alice", trade(2))
		c.want(with(trade(2), p, 1))
		pass(time.Minute + time.Millisecond)
		p = s.send("alice", trade(3))
		c.want(with(trade(3), p, none))
	})
}

// Two sockets of one user on one node get the same, whenever they connected.
func TestPrev_IsTheSameForAllSockets(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		a := s.follow("alice", s.skip())
		p := s.send("alice", trade(1))
		a.want(with(trade(1), p, none))
		b := s.follow("alice", p)
		p = s.send("alice", trade(2))
		a.want(with(trade(2), p, 1))
		b.want(with(trade(2), p, 1))
	})
}

// Offsets and positions of any size.
func TestPosition_LargeOffsets(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		s.offset = journal.MaxOffset - 3
		first := s.send("alice", trade(1))
		c := s.resume("alice", first, beat(first, journal.MaxOffset-3))
		p := s.send("alice", `{"orderbook":{}}`)
		c.want(with(`{"orderbook":{}}`, p, journal.MaxOffset-3))
		big := `{"trade":{"x":"` + strings.Repeat("x", 70_000) + `"}}`
		q := s.send("alice", big)
		c.want(with(big, q, journal.MaxOffset-2))
	})
}

// Writing an event does not allocate: neither to the first socket of a user, nor to another
// one, nor with positions.
func TestWrite_DoesNotAllocate(t *testing.T) {
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
		t.Errorf("%v allocations, want %v as without the write", n, base)
	}
}
