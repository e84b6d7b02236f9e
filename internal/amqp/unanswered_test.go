package amqp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// A broker that sends heartbeats and leaves one question unanswered does not hold
// a node for ever: it says what was not answered, and reads as soon as it is.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer method
		asked  string
		later  bool // the node is following by then
	}{
		{"channel.open", method{20, 11}, "look at stream", false},
		{"channel.close", method{20, 41}, "declare stream", false},
		{"queue.declare", method{50, 11}, "declare stream", false},
		{"queue.bind", method{50, 21}, "bind stream", false},
		{"confirm.select", method{85, 11}, "open a channel for markers", false},
		{"basic.qos", method{60, 11}, "look for the start of the window", false},
		{"basic.consume", method{60, 21}, "look for the start of the window", false},
		{"basic.get", method{60, 72}, "ask the witness", false},
		{"exchange.bind", method{40, 31}, "place a canary", false},
		{"exchange.declare", method{40, 11}, "declare exchange", false},
		{"exchange.declare, later", method{40, 11}, "look at exchange", true},
		{"exchange.bind, later", method{40, 31}, "look at the canary", true},
		{"channel.close, later", method{20, 41}, "look at exchange", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t, testenv.RabbitMQ(t))
			p := newProxy(t, cfg.URL)
			cfg.URL, cfg.LookEvery = p.url, soon
			limits := unlimited()
			limits.Answer = 2 * time.Second // less than the broker's heartbeats are apart
			n := newNode(cfg.Within(limits))
			if !c.later {
				p.swallow(c.answer)
			}
			n.run(t)
			if c.later {
				n.awaitFollowing(t)
				p.swallow(c.answer)
			}
			// On a slow machine other answers may be late as well.
			var l line
			l, n.mark = n.log.await(t, "the broker did not answer when asked: "+c.asked, n.mark, func(l line) bool {
				return says("did not answer in time")(l) && strings.Contains(fmt.Sprint(l.attrs["error"]), c.asked)
			})
			if got := fmt.Sprint(l.attrs["advice"]); !strings.Contains(got, "alarms") {
				t.Errorf("got the advice %q", got)
			}
			p.edits(nil)
			n.awaitFollowing(t)
			alices := n.tap(t, alice)
			newPeer(t, testenv.RabbitMQ(t)).send(cfg, order(1))
			alices.await(t, idText(1))
		})
	}
}
