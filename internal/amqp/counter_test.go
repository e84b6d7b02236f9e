package amqp_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"

	"ranger/internal/amqp"
)

// What comes over connections, one after another, and which of it is new.
func TestCounter(t *testing.T) {
	t.Parallel()
	// A letter is a message, a capital one is marked as redelivered.
	for name, c := range map[string]struct {
		connections, want []string
	}{
		"one connection":                       {[]string{"abc"}, []string{"abc"}},
		"all comes again":                      {[]string{"abc", "ABCd"}, []string{"abc", "d"}},
		"a suffix comes again":                 {[]string{"abcd", "CDe"}, []string{"abcd", "e"}},
		"what was on its way comes too":        {[]string{"abc", "CDEf"}, []string{"abc", "def"}},
		"nothing of it is known":               {[]string{"abc", "XYz"}, []string{"abc", "xyz"}},
		"redelivered to a new process":         {[]string{"ABc"}, []string{"abc"}},
		"equal ones that were read":            {[]string{"abab", "BABc"}, []string{"abab", "abc"}}, // rather twice
		"an equal one that was not read":       {[]string{"ab", "BBc"}, []string{"ab", "bc"}},
		"equal ones behind what was read":      {[]string{"abc", "CABd"}, []string{"abc", "abd"}},
		"equal ones, out of their order":       {[]string{"abcd", "ACDe"}, []string{"abcd", "cde"}},
		"an equal one is new if not marked":    {[]string{"abc", "abc"}, []string{"abc", "abc"}},
		"an unmarked one ends what comes":      {[]string{"abc", "BcCd"}, []string{"abc", "ccd"}},
		"a connection that brought nothing":    {[]string{"abc", "", "BCd"}, []string{"abc", "", "d"}},
		"ended amid what comes again":          {[]string{"abcd", "BC", "BCDe"}, []string{"abcd", "", "e"}},
		"ended amid it, some was acknowledged": {[]string{"abcd", "BC", "CDe"}, []string{"abcd", "", "e"}},
		"ended when new ones had come":         {[]string{"abc", "BCd", "CDe", "CDEf"}, []string{"abc", "d", "e", "f"}},
		"more than most":                       {[]string{"abcdefghijklmnop", "IJKLMNOPq"}, []string{"abcdefghijklmnop", "q"}},
		"older than most is forgotten":         {[]string{"abcdefghijklmnopq", "AQ"}, []string{"abcdefghijklmnopq", "aq"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counter := amqp.NewCounter(9)
			var got []string
			var offset uint64
			for i, connection := range c.connections {
				if i > 0 {
					counter.Reconnect()
				}
				got = append(got, "")
				for _, r := range connection {
					body := strings.ToLower(string(r))
					d := &amqp091.Delivery{Body: []byte(body), Redelivered: body != string(r)}
					at, known := counter.Place(d)
					if known {
						continue
					}
					if offset > 0 && at.Offset != offset+1 {
						t.Errorf("position %v of %s after offset %d", at, body, offset)
					}
					offset = at.Offset
					counter.Took(d)
					got[i] += body
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("what is new (-want +got):\n%s", diff)
			}
		})
	}
}

// Exchange, message_id, headers and body: what differs in one is another message.
func TestCounterKnowsByAll(t *testing.T) {
	t.Parallel()
	read := amqp091.Delivery{Exchange: "x", MessageId: "1", Headers: amqp091.Table{"a": "b", "c": int64(1)}, Body: []byte("body")}
	for name, change := range map[string]func(*amqp091.Delivery){
		"nothing":    func(*amqp091.Delivery) {},
		"exchange":   func(d *amqp091.Delivery) { d.Exchange = "y" },
		"message_id": func(d *amqp091.Delivery) { d.MessageId = "2" },
		"headers":    func(d *amqp091.Delivery) { d.Headers = amqp091.Table{"a": "b", "c": int64(2)} },
		"body":       func(d *amqp091.Delivery) { d.Body = []byte("Body") },
	} {
		counter := amqp.NewCounter(9)
		counter.Took(&read)
		counter.Reconnect()
		again := read
		again.Redelivered = true
		change(&again)
		if _, known := counter.Place(&again); known != (name == "nothing") {
			t.Errorf("where %s is another, it is known: %t", name, known)
		}
	}
}

// classic is a classic queue and who reads it, by a counter.
type classic struct {
	counter  amqp.Counter
	prefetch int
	queue    []amqp091.Delivery // oldest first, all that was not acknowledged
	sent     int                // so many of them are on their way
	taken    int                // so many of these were taken
	tag      uint64             // of the last one sent
	settled  uint64             // the tag that the broker was told last
	read     []string           // the message_ids of those that were new
}

func (c *classic) publish(body, id string) {
	// The id is not part of what they are known by: Type is not.
	c.queue = append(c.queue, amqp091.Delivery{Body: []byte(body), Type: id})
}

func (c *classic) send() {
	if c.sent < min(len(c.queue), c.prefetch) {
		c.tag++
		c.queue[c.sent].DeliveryTag = c.tag
		c.sent++
	}
}

// take has the next one on its way be read; interrupted says that it is not
// taken up after all.
func (c *classic) take(interrupted bool) {
	if c.taken == c.sent {
		return
	}
	d := &c.queue[c.taken]
	_, known := c.counter.Place(d)
	if interrupted {
		c.cut()
		return
	}
	c.taken++
	if !known {
		c.counter.Took(d)
		c.read = append(c.read, d.Type)
	}
	c.settled = c.counter.Settled(d)
}

// acknowledge has the broker hear of what was read.
func (c *classic) acknowledge() {
	for len(c.queue) > 0 && c.taken > 0 && c.queue[0].DeliveryTag <= c.settled {
		c.queue = c.queue[1:]
		c.sent--
		c.taken--
	}
}

// cut ends the connection: what was not acknowledged is in the queue as before.
func (c *classic) cut() {
	for i := range c.sent {
		c.queue[i].Redelivered = true
	}
	c.sent, c.taken, c.tag, c.settled = 0, 0, 0, 0
	c.counter.Reconnect()
}

// I2: wherever connections end and whichever acknowledgement does not arrive, each
// message is read, in order; where none are equal, once.
func TestCounterLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prefetch := rapid.IntRange(2, 8).Draw(t, "prefetch")
		bodies := rapid.SampledFrom([]int{1, 2, 3, 1 << 30}).Draw(t, "bodies")
		c := &classic{counter: amqp.NewCounter(prefetch), prefetch: prefetch}
		published := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 12).Draw(t, "step") {
			case 0:
				c.cut()
			case 1:
				c.take(true)
			case 2, 3:
				c.acknowledge()
			case 4, 5, 6:
				body := published
				if bodies < 1<<30 {
					body = rapid.IntRange(1, bodies).Draw(t, "body")
				}
				c.publish(strconv.Itoa(body), strconv.Itoa(published))
				published++
			case 7, 8, 9:
				c.send()
			default:
				c.take(false)
			}
		}
		for len(c.queue) > c.taken {
			c.send()
			c.take(false)
			c.acknowledge()
		}
		var first []string
		seen := map[string]bool{}
		for _, id := range c.read {
			if !seen[id] {
				first = append(first, id)
			}
			seen[id] = true
		}
		for i, id := range first {
			if id != strconv.Itoa(i) {
				t.Fatalf("message %d was not read in its turn: %v", i, c.read)
			}
		}
		if len(first) != published || bodies == 1<<30 && len(c.read) != published {
			t.Fatalf("of %d messages %d were read, in all %d times: %v", published, len(first), len(c.read), fmt.Sprint(c.read))
		}
	})
}
