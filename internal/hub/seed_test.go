package hub_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/hub"
)

// docs/protocol.md, part 1, line by line.
func TestSeed(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		s.publish("alice", `{"orderbook":{"id":0}}`) // before the token: not for this socket
		c.talk(
			[2]string{`{"jwt":"Bearer bad"}`, refused},
			[2]string{`{"jwt":"Basic alice"}`, noBearer},
			[2]string{`what?`, badMessage},
		)
		s.wantSockets(1, 0)
		c.talk([2]string{`{"jwt":"Bearer alice"}`, authenticated})
		s.wantSockets(1, 1)
		s.publish("alice", `{"orderbook":{"id":1}}`, `{"trade":{"id":2}}`)
		c.want(`{"orderbook":{"id":1}}`, `{"trade":{"id":2}}`)
		c.wantSilence()
	})
}

// A client that does not opt in sees not one byte of what others see: not of
// gaps, of heartbeats, of positions, of its token's end, nor of a drain. Each of
// the first three never asked, or said that it does not want to.
func TestSeedClientSeesNothingNew(t *testing.T) {
	cfg := setup{hub: hub.Config{PingInterval: 10 * time.Minute}}
	bubble(t, cfg, func(t *testing.T, s *server) {
		s.offset = 41
		s.gap()
		s.gapOf("alice")
		s.tell("alice", trade(0))
		seeds := []*client{
			s.ask(bearer("alice/2m"), authenticated),
			s.ask(asking("alice/2m", `"resume":false,"markets":null,"events":null`), authenticated),
			s.dialAt("/?resume=null&x=1", "Authorization: Bearer alice/2m"),
			s.ask(asking("alice/2m", `"markets":"btcusd","events":["trade"]`), authenticated),
		}
		seeds[2].want(authenticated)
		opted := s.follow("alice", s.nobody())
		each := func(f func(c *client)) {
			for _, c := range seeds {
				f(c)
			}
		}
		p := s.tell("alice", trade(1))
		opted.want(with(trade(1), p, 43))
		each(func(c *client) { c.want(trade(1)) })
		g := s.gap()
		own := s.gapOf("alice")
		p = s.tell("alice", trade(2))
		opted.want(told(g), told(own), with(trade(2), p, 45))
		each(func(c *client) { c.want(trade(2)) })
		for range 5 { // 75 s: heartbeats, and a minute of the token is left
			opted.wantBeat(p, 48)
		}
		each(func(c *client) {
			c.wantSilence()
			c.talk([2]string{bearer("alice/30s"), authenticated}) // less than a minute
		})
		pass(10 * time.Second)
		s.tell("alice", trade(3))
		each(func(c *client) { c.want(trade(3)) })
		s.window.Truncate(0)
		s.offset = 0
		s.gap()
		s.tell("alice", trade(4))
		each(func(c *client) { c.want(trade(4)) })

		s.drain(t, 4*time.Second)
		each(func(c *client) { c.wantClose(1001, "going away") })
		opted.readAll()
		s.wantClosed(map[int]int{1001: 4, 1012: 1})
	})
}

func TestChallenge(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		seen := map[string]bool{}
		for range 10 {
			c := &client{tb: t, Conn: s.connect()}
			response, in := ask(t, c, upgrade()...) //nolint:bodyclose // an upgrade has none
			if got := response.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
				t.Errorf("Sec-WebSocket-Accept %q is not RFC 6455's for its sample", got)
			}
			c.in = in
			text := c.read().payload
			random, ok := strings.CutPrefix(text, `{"challenge":"`)
			random, ok2 := strings.CutSuffix(random, `"}`)
			b, err := base64.RawURLEncoding.DecodeString(random)
			if !ok || !ok2 || err != nil || len(b) != 40 || len(random) != 54 {
				t.Errorf("the challenge is %s, want 40 bytes in base64url", text)
			}
			seen[random] = true
		}
		if len(seen) != 10 {
			t.Errorf("%d challenges of 10 differ", len(seen))
		}
	})
}

// Events that are there at once come after the success message all the same.
func TestSuccessComesBeforeEvents(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		for range 20 {
			c := s.dial()
			c.say(bearer("alice"))
			// The session waits for the client to read: its log has events by then.
			pass(time.Millisecond)
			s.publish("alice", "1", "2")
			c.want(authenticated, "1", "2")
		}
	})
}

func TestErrorThenRetry(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		c.talk(
			[2]string{`{}`, noBearer},
			[2]string{bearer("bad"), refused},
			[2]string{"", badMessage},
			[2]string{bearer("alice"), authenticated},
		)
		s.publish("alice", "1")
		c.want("1")
	})
}

func TestErrorAfterSuccessKeepsEvents(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice")
		for i, pair := range [][2]string{
			{bearer("bad"), refused},
			{bearer("broken"), badMessage},
			{`{"jwt":null}`, noBearer},
			{`nonsense`, badMessage},
		} {
			c.talk(pair)
			event := strings.Repeat("x", i+1)
			s.publish("alice", event)
			c.want(event)
		}
		s.wantSockets(1, 1)
	})
}

func TestTextPing(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		c.talk(
			[2]string{"ping", "pong"},
			[2]string{bearer("alice"), authenticated},
			[2]string{"ping", "pong"},
		)
		for _, other := range []string{"Ping", "PING", "ping ", "ping\n", `"ping"`, "pong"} {
			c.talk([2]string{other, badMessage})
		}
	})
}

// What is counted: refusals that are the hub's own, and events by what was
// written.
func TestCounts(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		a, b := s.open("alice"), s.open("alice")
		a.talk(
			[2]string{`{}`, noBearer},
			[2]string{`{"jwt":"x"}`, noBearer},
			[2]string{`nonsense`, badMessage},
			[2]string{bearer("bad"), refused},
		)
		s.publish("alice", "1", "2", "3")
		s.publish("bob", "4")
		a.want("1", "2", "3")
		b.want("1", "2", "3")
		pass(time.Second)
		delivered, _, refusals := s.metrics.read()
		if diff := cmp.Diff(map[string]int{"no_bearer": 2}, refusals); diff != "" {
			t.Errorf("refusals (-want +got):\n%s", diff)
		}
		if delivered != 6 {
			t.Errorf("%d events delivered, want 6", delivered)
		}
	})
}

// The log tells of a broken verifier, and never of a token.
func TestLogNeverTellsTokens(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c := s.dial()
		for _, token := range []string{"bad/sesame", "broken/sesame", "panic/sesame"} {
			c.say(bearer(token))
			c.read()
		}
		pass(5 * time.Second)
		log := s.log.String()
		for _, want := range []string{`error="out of order"`, "peer=192.0.2.7:4711", "panicked"} {
			if !strings.Contains(log, want) {
				t.Errorf("the log has no %s:\n%s", want, log)
			}
		}
		if strings.Contains(log, "sesame") {
			t.Errorf("the log tells the token:\n%s", log)
		}
	})
}
