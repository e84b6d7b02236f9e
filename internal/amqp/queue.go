package amqp

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// queueLength and queueExpiry bound a node's queue, where it is declared.
const (
	queueLength = 1_000_000
	queueExpiry = time.Hour
)

// ensureQueue sees that the node's queue is there: one that is, is taken as it
// is. full says that it holds as much as it may, so that messages may have been
// dropped from it.
func (t *topology) ensureQueue() (made, full bool, err error) {
	var messages int
	err = onChannel(t.conn, func(ch *amqp091.Channel) error {
		q, err := ch.QueueDeclarePassive(t.cfg.Stream, true, false, false, false, nil)
		messages = q.Messages
		return err
	})
	if err == nil {
		bound, err := t.queueBound()
		return false, bound > 0 && int64(messages) >= bound, err
	}
	if !isCode(err, amqp091.NotFound) {
		return false, false, wrap("look at queue "+t.cfg.Stream, err)
	}
	return true, false, wrap("declare queue "+t.cfg.Stream, t.declare(queueArgs()))
}

func queueArgs() amqp091.Table {
	return amqp091.Table{"x-max-length": int64(queueLength), "x-expires": queueExpiry.Milliseconds()}
}

// queueBound learns how many messages an existing queue may hold, from the
// broker's refusals to declare it otherwise; 0 for as many as come.
func (t *topology) queueBound() (int64, error) {
	args := queueArgs()
	for range 2 * len(args) {
		err := t.declare(args)
		if err == nil || isCode(err, amqp091.AccessRefused) {
			break
		}
		d, ok := differing(err)
		switch {
		case !ok:
			return 0, wrap("look at the arguments of queue "+t.cfg.Stream, err)
		case d.value == nil:
			delete(args, d.name)
		default:
			args[d.name] = d.value
		}
	}
	length, _ := args["x-max-length"].(int64)
	return length, nil
}

// oweForQueue notes what the state in which the queue was found says of messages
// that never will be read.
func (s *Source) oweForQueue(gone, full bool) {
	since := s.readAt
	if since == 0 {
		since = s.oldest()
	}
	if gone {
		s.log.Error("the queue was gone and has been made anew; clients are told of the gap", "queue", s.cfg.Stream)
		s.owe(event.GapStream, since)
	}
	if full {
		s.log.Error("the queue was at its bound: messages may have been dropped from it; clients are told of the gap", "queue", s.cfg.Stream)
		s.owe(event.GapOverflow, since)
	}
}

// counter gives the messages of a classic queue, which have no offsets, numbers
// of this process. No other process gives the same: it begins with the time, and
// its checks are its own. But for check it is for one goroutine.
type counter struct {
	salt uint32       // fixed at construction
	seed maphash.Seed // fixed at construction
	most int          // how many messages the broker may not know to be read; fixed at construction

	next   uint64
	unsure []uint64 // what the newest messages that were read are known by, as many as most
	again  []uint64 // those of the connections before, which may come again
}

func newCounter(prefetch int) *counter {
	return &counter{
		next: uint64(time.Now().UnixMicro()),
		salt: rand.Uint32(), //nolint:gosec // it need not be secret
		seed: maphash.MakeSeed(),
		most: prefetch,
	}
}

// place returns the position of d; known says that it was read over a connection
// before. What the broker does not know to be read comes again first, in order,
// and is the end of what was read.
func (c *counter) place(d *amqp091.Delivery) (at journal.Position, known bool) {
	if len(c.again) > 0 && d.Redelivered {
		mark := c.mark(d)
		for i, known := range slices.Backward(c.again) { // rather twice than not at all
			if known == mark {
				c.again = c.again[i+1:]
				return journal.Position{}, true
			}
		}
	}
	c.again = nil
	return journal.Position{Offset: c.next, Check: c.check(d.Body)}, false
}

// took notes that d has been appended at its place.
func (c *counter) took(d *amqp091.Delivery) {
	c.next++
	if len(c.unsure) >= 2*c.most {
		c.unsure = slices.Clone(c.unsure[len(c.unsure)-c.most:])
	}
	c.unsure = append(c.unsure, c.mark(d))
}

// check returns the check of a message in this process' positions. It is safe for
// concurrent use.
func (c *counter) check(body []byte) uint32 { return journal.Check(body) ^ c.salt }

// mark is what a message is known by.
func (c *counter) mark(d *amqp091.Delivery) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	_, _ = fmt.Fprintf(&h, "%q %q %v ", d.Exchange, d.MessageId, d.Headers) // maps in order
	_, _ = h.Write(d.Body)
	return h.Sum64()
}

// reconnect notes that a new connection follows.
func (c *counter) reconnect() {
	c.again = c.unsure[max(0, len(c.unsure)-c.most):]
	c.unsure = slices.Clone(c.again)
}
