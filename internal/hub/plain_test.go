package hub_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/hub"
)

// docs/protocol.md, "Messages", line by line.
func TestProtocol_Messages(t *testing.T) {
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

// A client that does not ask to resume gets no gap, heartbeat, position, token warning or
// announcement of a drain. The first three clients do not ask, in different ways.
func TestProtocol_PlainClientSeesNothingOfResuming(t *testing.T) {
	cfg := setup{hub: hub.Config{PingInterval: 10 * time.Minute}}
	bubble(t, cfg, func(t *testing.T, s *server) {
		s.offset = 41
		s.gap()
		s.gapOf("alice")
		s.send("alice", trade(0))
		seeds := []*client{
			s.ask(bearer("alice/2m"), authenticated),
			s.ask(asking("alice/2m", `"resume":false,"markets":null,"events":null`), authenticated),
			s.dialAt("/?resume=null&x=1", "Authorization: Bearer alice/2m"),
			s.ask(asking("alice/2m", `"markets":"btcusd","events":["trade"]`), authenticated),
		}
		seeds[2].want(authenticated)
		opted := s.follow("alice", s.skip())
		each := func(f func(c *client)) {
			for _, c := range seeds {
				f(c)
			}
		}
		p := s.send("alice", trade(1))
		opted.want(with(trade(1), p, 43))
		each(func(c *client) { c.want(trade(1)) })
		g := s.gap()
		own := s.gapOf("alice")
		p = s.send("alice", trade(2))
		opted.want(gapMessage(g), gapMessage(own), with(trade(2), p, 45))
		each(func(c *client) { c.want(trade(2)) })
		for range 5 { // 75 s: heartbeats, and a minute of the token is left
			opted.wantBeat(p, 48)
		}
		each(func(c *client) {
			c.wantSilence()
			c.talk([2]string{bearer("alice/30s"), authenticated}) // less than a minute
		})
		pass(10 * time.Second)
		s.send("alice", trade(3))
		each(func(c *client) { c.want(trade(3)) })
		s.window.Truncate(0)
		s.offset = 0
		s.gap()
		s.send("alice", trade(4))
		each(func(c *client) { c.want(trade(4)) })

		s.drain(t, 4*time.Second)
		each(func(c *client) { c.wantClose(1001, "going away") })
		opted.readAll()
		s.wantClosed(map[int]int{1001: 4, 1012: 1})
	})
}

func TestChallenge_IsRandom(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		seen := map[string]bool{}
		for range 10 {
			c := &client{tb: t, Conn: s.connect()}
			response, in := ask(t, c, upgrade()...) //nolint:bodyclose // an upgrade has none
			if got := response.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
				t.Errorf("Sec-WebSocket-Accept %q, want that of the sample in RFC 6455", got)
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
			t.Errorf("%d challenges of 10 differ, want all", len(seen))
		}
	})
}

// Events that are pending at once come after the success message too.
func TestAuth_AnswerComesBeforeEvents(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		for range 20 {
			c := s.dial()
			c.say(bearer("alice"))
			// The session waits for the client to read: by then its log has events.
			pass(time.Millisecond)
			s.publish("alice", "1", "2")
			c.want(authenticated, "1", "2")
		}
	})
}

func TestAuth_RetryAfterAnError(t *testing.T) {
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

func TestAuth_ErrorLaterKeepsEvents(t *testing.T) {
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

func TestMessage_PingIsAnswered(t *testing.T) {
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

// The hub counts messages without a token, and events that were written.
func TestMetrics_RefusalsAndDeliveries(t *testing.T) {
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

// A failed verification is logged, without the token.
func TestLog_HasNoTokens(t *testing.T) {
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
			t.Errorf("the log has the token:\n%s", log)
		}
	})
}
