package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// docs/protocol.md, "Resuming", to the byte. The clock of a bubble begins in 2000.
func TestProtocol_Resuming(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		s.offset = 41
		first := s.send("alice", `{"trade":{"id":1}}`)
		c := s.dial()
		c.talk([2]string{
			`{"jwt":"Bearer alice","resume":true}`,
			`{"success":{"message":"Authenticated.","position":"41.ebac6921"}}`,
		})
		s.offset = 48
		s.send("alice", `{"orderbook":{"id":2}}`)
		c.want(`{"orderbook":{"id":2},"position":"48.55d60b91","prev":41,"at":946684800000}`)
		s.skip()
		pass(15 * time.Second)
		c.want(`{"heartbeat":{"last":48,"position":"49.00000000","at":946684815000}}`)

		c = s.dial()
		c.say(`{"jwt":"Bearer alice","resume":"41.ebac6921"}`)
		c.want(
			`{"success":{"message":"Authenticated.","resumed":true}}`,
			`{"orderbook":{"id":2},"position":"48.55d60b91","prev":41,"at":946684800000,"replay":true}`,
			`{"heartbeat":{"last":48,"position":"49.00000000","at":946684815000}}`,
		)
		s.send("alice", `{"trade":{"id":3}}`)
		c.want(`{"trade":{"id":3},"position":"50.a4c33b2c","prev":48,"at":946684815000}`)

		c = s.dial()
		first.Check++
		c.talk([2]string{
			after("alice", first),
			`{"success":{"message":"Authenticated.","position":"50.a4c33b2c","resumed":false}}`,
		})
		s.append(journal.Message{Gap: event.Gap{From: 1, To: 2, Reason: event.GapBinding}.Message()})
		c.want(`{"gap":{"from":1,"to":2,"reason":"binding","position":"51.02d5e976"}}`)
	})
}

// I3: if the position is not held, the answer says so, and events come from now on.
func TestNotResumed(t *testing.T) {
	bubble(t, setup{journal: journal.Config{Size: 2}}, func(_ *testing.T, s *server) {
		s.offset = 10
		old := s.send("alice", trade(1))
		s.send("alice", trade(2))
		kept := s.send("alice", trade(3))
		s.send("alice", trade(4))
		last := s.send("alice", trade(5))
		for name, p := range map[string]journal.Position{
			"before the window":     {Offset: 9, Check: old.Check},
			"before the user's log": old,
			"another check":         {Offset: kept.Offset, Check: kept.Check + 1},
			"ahead":                 {Offset: last.Offset + 1, Check: last.Check},
			"far ahead":             {Offset: journal.MaxOffset - 1},
			"zero":                  {},
		} {
			s.tb.Log(name)
			c := s.ask(after("alice", p), notResumed(last))
			last = s.skip()
			c.wantBeat(last, 14) // and nothing before it
			_ = c.Close()
		}
	})
}

// An empty journal also has a position, and holds none.
func TestResume_InAnEmptyWindow(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		zero := journal.Position{}
		c := s.follow("alice", zero)
		d := s.ask(after("alice", zero), notResumed(zero))
		pass(20 * time.Second) // no heartbeat: there is no position
		s.offset = 7
		p := s.send("alice", trade(1))
		c.want(with(trade(1), p, none))
		d.want(with(trade(1), p, none))
		c.wantBeat(p, 7)
		d.wantBeat(p, 7)
	})
}

func TestResume_BeforeTheWindowIsRefused(t *testing.T) {
	bubble(t, setup{journal: journal.Config{TTL: time.Minute}}, func(_ *testing.T, s *server) {
		old := s.send("alice", trade(1))
		pass(20 * time.Second)
		s.send("alice", trade(2))
		pass(20 * time.Second)
		kept := s.send("alice", trade(3))
		pass(time.Minute)
		last := s.send("alice", trade(4))
		s.ask(after("alice", old), notResumed(last))
		s.resume("alice", kept, with(trade(4), last, 2, replayed), beat(last, 3))
	})
}

// I1: a position is no secret: with that of another user a client gets its own events.
func TestResume_PositionOfAnotherUserYieldsOwnEvents(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		a := s.send("alice", trade(1))
		b := s.send("bob", trade(2))
		s.send("alice", trade(3))
		d := s.send("bob", trade(4))
		s.resume("bob", a, with(trade(2), b, none, replayed), with(trade(4), d, 1, replayed), beat(d, 3))
		s.resume("carol", a, beat(d, none))
	})
}

// If nothing is replayed the heartbeat comes at once.
func TestResume_FromTheLastPosition(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		p := s.send("alice", trade(1))
		c := s.resume("alice", p, beat(p, 0))
		q := s.send("alice", trade(2))
		c.want(with(trade(2), q, 0))
		c.wantSilence()
	})
}

// A renewal changes neither the position nor the options, whatever it contains; its answer is
// exactly the success message. A malformed position is refused all the same.
func TestRenewal_KeepsTheOptions(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		first := s.send("alice", trade(1))
		opted, seed := s.follow("alice", first), s.open("alice")
		for i, keys := range []string{
			`"resume":true`, `"resume":"` + first.String() + `"`, `"resume":false`, `"markets":["other"]`, `"events":"orderbook"`,
			`"resume":"999.00000000"`,
		} {
			opted.talk([2]string{asking("alice", keys), authenticated})
			seed.talk([2]string{asking("alice", keys), authenticated})
			p := s.send("alice", trade(i))
			opted.want(with(trade(i), p, i))
			seed.want(trade(i))
		}
		for _, keys := range []string{`"resume":1`, `"markets":[]`, `"events":"gap"`} {
			opted.talk([2]string{asking("alice", keys), badMessage})
			seed.talk([2]string{asking("alice", keys), badMessage})
		}
	})
}

// An invalid token, and one that could not be verified, do not fix the options.
func TestOptions_CountOnlyWithAValidToken(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		c.talk(
			[2]string{asking("bad", `"resume":true`), refused},
			[2]string{asking("broken", `"resume":true`), badMessage},
			[2]string{bearer("alice"), authenticated},
		)
		s.send("alice", trade(1))
		c.want(trade(1))
	})
}

// A message with malformed options does not count as an attempt, and its token is not
// verified.
func TestOptions_MalformedDoNotCountAsAttempt(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		for range 10 {
			c.talk([2]string{asking("bad", `"resume":1`), badMessage}, [2]string{asking("panic", `"events":[]`), badMessage})
		}
		c.talk([2]string{bearer("alice"), authenticated})
	})
}

// A client that has seen more than the node waits until the node has caught up. If that fails
// or takes too long, it is not resumed.
func TestCatchUp_ClientWaitsForTheNode(t *testing.T) {
	for name, c := range map[string]struct {
		catchUp func(ctx context.Context, s *server) error
		resumed bool
		took    time.Duration
	}{
		"succeeds": {func(_ context.Context, s *server) error {
			<-time.After(3 * time.Second)
			s.send("alice", trade(2))
			return nil
		}, true, 3 * time.Second},
		"has nothing": {func(context.Context, *server) error { return nil }, false, 0},
		"fails":       {func(context.Context, *server) error { return errors.New("no broker") }, false, 0},
		"fails late, but has it": {func(_ context.Context, s *server) error {
			s.send("alice", trade(2))
			return errors.New("no broker")
		}, true, 0},
		"takes too long": {func(ctx context.Context, _ *server) error {
			<-ctx.Done()
			return ctx.Err()
		}, false, 10 * time.Second},
	} {
		for _, header := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, header %v", name, header), func(t *testing.T) {
				var s *server
				bubble(t, setup{hub: hub.Config{
					AuthTimeout: time.Second,
					CatchUp:     func(ctx context.Context) error { return c.catchUp(ctx, s) },
				}}, func(t *testing.T, server *server) {
					s = server
					first := s.send("alice", trade(1))
					ahead := journal.Position{Offset: 1, Check: event.Check([]byte(trade(2)))}
					start := time.Now()
					want := notResumed(first)
					if c.resumed {
						want = resumed
					}
					if header {
						client := s.dialAt("/?resume="+ahead.String(), "Authorization: Bearer alice")
						client.want(want)
					} else {
						s.ask(after("alice", ahead), want)
					}
					if got := time.Since(start); got != c.took {
						t.Errorf("took %v, want %v", got, c.took)
					}
					// A failure is logged.
					fails := strings.Contains(name, "fails") || strings.Contains(name, "too long")
					if got := strings.Contains(s.log.String(), "did not catch up"); got != fails {
						t.Errorf("the failure is logged: %v, want %v", got, fails)
					}
				})
			})
		}
	}
}

// CatchUp is not called for a position that the node has, for a renewal, or for an invalid
// token.
func TestCatchUp_OnlyIfTheClientIsAhead(t *testing.T) {
	asked := 0
	bubble(t, setup{hub: hub.Config{CatchUp: func(context.Context) error {
		asked++
		return nil
	}}}, func(t *testing.T, s *server) {
		p := s.send("alice", trade(1))
		ahead := journal.Position{Offset: 99}
		s.resume("alice", p, beat(p, 0))
		s.ask(after("bad", ahead), refused)
		s.follow("alice", p).talk([2]string{after("alice", ahead), authenticated})
		if asked != 0 {
			t.Errorf("CatchUp was called %d times, want 0", asked)
		}
		s.ask(after("alice", ahead), notResumed(p))
		if asked != 1 {
			t.Errorf("CatchUp was called %d times, want once", asked)
		}
	})
}

func TestCatchUp_LogIsLimited(t *testing.T) {
	bubble(t, setup{hub: hub.Config{CatchUp: func(context.Context) error { return errors.New("no broker") }}}, func(t *testing.T, s *server) {
		p := s.skip()
		for range 5 {
			s.ask(after("alice", journal.Position{Offset: 9}), notResumed(p))
		}
		pass(time.Second)
		s.ask(after("alice", journal.Position{Offset: 9}), notResumed(p))
		log := s.log.String()
		if n := strings.Count(log, "did not catch up"); n != 2 || !strings.Contains(log, "suppressed=4") {
			t.Errorf("%d lines, want 2:\n%s", n, log)
		}
	})
}

// The wait delays neither the end of a socket nor a drain.
func TestCatchUp_EndsWithTheSocket(t *testing.T) {
	catchUp := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	bubble(t, setup{hub: hub.Config{CatchUp: catchUp}}, func(t *testing.T, s *server) {
		s.send("alice", trade(1))
		gone, stays := s.dial(), s.dial()
		for _, c := range []*client{gone, stays} {
			c.say(after("alice", journal.Position{Offset: 9}))
		}
		pass(0) // both wait
		_ = gone.Close()
		drained := s.drain(t, 0)
		stays.wantFrame(opClose, closing(1001, "going away"))
		start := time.Now()
		<-drained
		wantSince(t, start, 2*time.Second) // since the close frame is not answered
		s.wantSockets(0, 0)
		_, closed, _ := s.metrics.read()
		if diff := cmp.Diff(map[int]int{1001: 2}, closed); diff != "" {
			t.Errorf("sockets closed by code (-want +got):\n%s", diff)
		}
	})
}
