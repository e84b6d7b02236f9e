package amqp

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"ranger/internal/journal"
)

// counter gives the messages of a classic queue, which have no offsets, numbers
// of this process. No other process gives the same: it begins with the time, and
// its checks are its own. It is for one goroutine.
//
// What the broker does not know to be read comes again over the next connection:
// first, in order, and it is the end of what was read. After it, also marked as
// redelivered, come messages that had been on their way and were not read. Since
// the newest message read is never acknowledged (see settled), the first one that
// comes was read. Where it is found last among what was read, no more is taken
// for known than was: one that was not read is never dropped because it is
// byte-equal to one that was. What remains: of byte-equal messages that were read
// some may be told twice; and a message may pass for another one after the queue
// has lost messages from its head, at its bound or by a TTL, which is loss anyway.
type counter struct {
	salt uint32       // fixed at construction
	seed maphash.Seed // fixed at construction
	most int          // how many messages the broker may not know to be read; fixed at construction

	next   uint64
	unsure []uint64 // what the newest messages that were read are known by, as many as most
	again  []uint64 // those of the connections before, which may come again
	found  bool     // one has come again: the first of again is the next to come
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
// before.
func (c *counter) place(d *delivery) (at journal.Position, known bool) {
	if len(c.again) > 0 && d.redelivered {
		among := c.again
		if c.found {
			among = among[:1]
		}
		mark := c.mark(d)
		for i, known := range slices.Backward(among) { // rather twice than not at all
			if known == mark {
				c.again, c.found = c.again[i+1:], true
				return journal.Position{}, true
			}
		}
	}
	c.again = nil
	return journal.Position{Offset: c.next, Check: d.check ^ c.salt}, false
}

// settled returns up to which delivery tag messages are to be acknowledged, 0 for
// none: all but d, the newest that was read.
func (*counter) settled(d *delivery) uint64 { return d.tag - 1 }

// took notes that d has been appended at its place.
func (c *counter) took(d *delivery) {
	c.next++
	if len(c.unsure) >= 2*c.most {
		c.unsure = slices.Clone(c.unsure[len(c.unsure)-c.most:])
	}
	c.unsure = append(c.unsure, c.mark(d))
}

// mark is what a message is known by.
func (c *counter) mark(d *delivery) uint64 {
	sum := uint64(d.check) // of all of the body, which may be longer
	for _, part := range [...][]byte{d.exchange, d.messageID, d.headers, d.body} {
		sum = bits.RotateLeft64(sum, 16) ^ maphash.Bytes(c.seed, part)
	}
	return sum
}

// reconnect notes that a new connection follows.
func (c *counter) reconnect() {
	c.again = c.unsure[max(0, len(c.unsure)-c.most):]
	c.unsure = slices.Clone(c.again)
	c.found = false
}
