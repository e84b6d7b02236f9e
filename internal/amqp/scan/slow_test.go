package scan_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/scan"
	"ranger/internal/testenv"
)

// stopAt returns an edit for a Proxy: of a connection, the consumer with that number,
// from 1, gets only so many messages, and later consumers none.
func stopAt(consumer, messages int) func(frame []byte) []byte {
	consumers, drop := 0, false
	return func(frame []byte) []byte {
		const header, body = 2, 3 // types of frames
		method := amqptest.MethodOf(frame)
		switch method {
		case amqptest.BasicConsumeOK:
			consumers++
		case amqptest.BasicDeliver:
			if consumers >= consumer {
				messages--
			}
			drop = messages < 0
		default:
		}
		if drop && (method == amqptest.BasicDeliver || frame[0] == header || frame[0] == body) {
			return nil
		}
		return frame
	}
}

// A broker that is slow does not pass for one that has no more messages.
func TestWalk_FailsIfBrokerDeliversNoMore(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg, p := amqptest.NewConfig(t, url), amqptest.NewPeer(t, url)
	p.DeclareStream(cfg.Stream, nil)
	for range 3 {
		p.Publish("", cfg.Stream, amqp091.Publishing{Body: []byte("x")})
	}
	for name, c := range map[string]struct {
		consumer, messages int // what the broker delivers; the first consumer looks for the end
		want               string
	}{
		"end":           {1, 0, "no message of stream " + cfg.Stream},
		"first message": {2, 0, "from offset 0 on; the stream ends at 2"},
		"next message":  {2, 1, "from offset 1 on; the stream ends at 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for limit := 100 * time.Millisecond; ; limit *= 2 { // on a slow machine less may come in time
				proxy := amqptest.NewProxy(t, url)
				proxy.Edit(stopAt(c.consumer, c.messages))
				timeouts := scan.Timeouts{Conn: amqptest.Timeouts(), End: limit, Next: limit}
				visited := 0
				err := scan.WalkWithin(t.Context(), proxy.URL, cfg, 0, 0, timeouts, func(scan.Stored) bool {
					visited++
					return true
				})
				if !errors.Is(err, conn.ErrTimeout) {
					t.Fatalf("%d of 3 messages: got error %v, want %v", visited, err, conn.ErrTimeout)
				}
				if strings.Contains(err.Error(), c.want) && visited == c.messages {
					return
				}
				if limit > testenv.Patience {
					t.Fatalf("got error %v after %d messages, want one with %q after %d", err, visited, c.want, c.messages)
				}
			}
		})
	}
}

// acknowledger takes acknowledgements.
type acknowledger struct{ amqp091.Acknowledger }

func (acknowledger) Ack(uint64, bool) error { return nil }

// A stream may have no message as young as a time; but if the broker delivers one, it
// must deliver all.
func TestWalk_SinceTimeMayFindNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		since   bool
		offsets []int64
		want    string // in the error, or none
	}{
		{true, nil, ""},
		{true, []int64{4, 5}, ""},
		{true, []int64{6}, ""}, // published since
		{true, []int64{3, 4}, "from offset 5 on; the stream ends at 5"},
		{false, nil, "from offset 0 on; the stream ends at 5"},
	} {
		synctest.Test(t, func(t *testing.T) {
			deliveries := make(chan amqp091.Delivery, len(c.offsets))
			for _, offset := range c.offsets {
				deliveries <- amqp091.Delivery{Acknowledger: acknowledger{}, Headers: amqp091.Table{"x-stream-offset": offset}}
			}
			err := scan.VisitUpTo(t.Context(), 5, c.since, deliveries, time.Minute, func(scan.Stored) bool { return true })
			if got := fmt.Sprint(err); (err == nil) != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("since %t, messages %v: got error %v, want one with %q", c.since, c.offsets, err, c.want)
			}
		})
	}
}
