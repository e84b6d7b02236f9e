package amqp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/testenv"
)

// A broker that sends heartbeats and does not answer one request does not hold up a
// node forever: the node logs what was not answered, and reads when it is.
func TestSource_BrokerLeavesRequestUnanswered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		answer  amqptest.Method
		request string
		later   bool // when the node follows
	}{
		{"channel.open", amqptest.ChannelOpenOK, "look at stream", false},
		{"channel.close", amqptest.ChannelCloseOK, "declare stream", false},
		{"queue.declare", amqptest.QueueDeclareOK, "declare stream", false},
		{"queue.bind", amqptest.QueueBindOK, "bind stream", false},
		{"confirm.select", amqptest.ConfirmSelectOK, "open a channel for markers", false},
		{"basic.qos", amqptest.BasicQosOK, "look for the start of the window", false},
		{"basic.consume", amqptest.BasicConsumeOK, "look for the start of the window", false},
		{"basic.get", amqptest.BasicGetEmpty, "read the binding probe", false},
		{"exchange.bind", amqptest.ExchangeBindOK, "place a canary", false},
		{"exchange.declare", amqptest.ExchangeDeclareOK, "declare exchange", false},
		{"exchange.declare, later", amqptest.ExchangeDeclareOK, "look at exchange", true},
		{"exchange.bind, later", amqptest.ExchangeBindOK, "look at the canary", true},
		{"channel.close, later", amqptest.ChannelCloseOK, "look at the run of broker", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, cfg amqp.Config) {
				cfg, proxy := behindProxy(t, cfg)
				cfg.CheckInterval = soon
				limits := unlimited()
				limits.Answer = 2 * time.Second // less than the interval of the broker's heartbeats
				n := newNode(cfg.Within(limits))
				if !c.later {
					proxy.Drop(c.answer)
				}
				n.run(t)
				if c.later {
					n.awaitFollowing(t)
					proxy.Drop(c.answer)
				}
				// On a slow machine other answers may be late as well.
				var l line
				l, n.mark = n.log.await(t, "the log line that the broker did not answer to: "+c.request, n.mark, func(l line) bool {
					return says("did not answer in time")(l) && strings.Contains(fmt.Sprint(l.attrs["error"]), c.request)
				})
				if got := fmt.Sprint(l.attrs["advice"]); !strings.Contains(got, "alarms") {
					t.Errorf("got advice %q, want one about alarms", got)
				}
				proxy.Edit(nil)
				n.awaitFollowing(t)
				alices := n.tap(t, alice)
				amqptest.NewPeer(t, testenv.RabbitMQ(t)).Send(cfg.Exchanges, order(1))
				alices.await(t, idText(1))
			})
		})
	}
}
