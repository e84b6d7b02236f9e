// Package sequence gives the messages of a classic queue positions.
package sequence

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/journal"
)

// Sequencer numbers the messages of a classic queue, which have no offsets. The
// positions belong to this process: numbers begin with the time, and checks have a
// salt. It is for one goroutine.
//
// After a reconnect the broker redelivers unacknowledged messages: those already
// read come first, in order, then those that were in flight. The newest message
// read is never acknowledged (see AckTag), so the first redelivered message has
// been read. It is looked up among the unacknowledged, from the newest on, so that
// no message that was not read is dropped because it is byte-equal to another. What
// remains: byte-equal messages may be sent twice, and a message may pass for another
// if the queue has lost messages from its head by its bound or a TTL, which is a
// loss anyway.
type Sequencer struct {
	salt     uint32       // fixed at construction
	seed     maphash.Seed // fixed at construction
	inFlight int          // how many messages may be unacknowledged; fixed at construction

	next        uint64
	unacked     []uint64 // digests of the newest messages read, at least inFlight
	redelivered []uint64 // digests of those of earlier connections that may come again
	found       bool     // redelivered begins with the next message to come
}

// New returns a Sequencer of a queue with this prefetch count.
func New(prefetch int) *Sequencer {
	return &Sequencer{
		next:     uint64(time.Now().UnixMicro()),
		salt:     rand.Uint32(), //nolint:gosec // need not be secret
		seed:     maphash.MakeSeed(),
		inFlight: prefetch,
	}
}

// Position returns the position of d, or reports that d was read over an earlier
// connection.
func (s *Sequencer) Position(d *frame.Delivery) (at journal.Position, known bool) {
	if len(s.redelivered) > 0 && d.Redelivered {
		candidates := s.redelivered
		if s.found {
			candidates = candidates[:1]
		}
		digest := s.digest(d)
		for i, c := range slices.Backward(candidates) {
			if c == digest {
				s.redelivered, s.found = s.redelivered[i+1:], true
				return journal.Position{}, true
			}
		}
	}
	s.redelivered = nil
	return journal.Position{Offset: s.next, Check: d.Check ^ s.salt}, false
}

// AckTag returns the delivery tag to acknowledge up to when d is the newest message
// read: the one before it; 0 for none.
func (*Sequencer) AckTag(d *frame.Delivery) uint64 { return d.Tag - 1 }

// Appended notes that d has been appended at its position.
func (s *Sequencer) Appended(d *frame.Delivery) {
	s.next++
	if len(s.unacked) >= 2*s.inFlight {
		s.unacked = slices.Clone(s.unacked[len(s.unacked)-s.inFlight:])
	}
	s.unacked = append(s.unacked, s.digest(d))
}

// digest identifies a message.
func (s *Sequencer) digest(d *frame.Delivery) uint64 {
	sum := uint64(d.Check) // of the whole body, which may be truncated here
	for _, part := range [...][]byte{d.Exchange, d.MessageID, d.EncodedHeaders(), d.Body} {
		sum = bits.RotateLeft64(sum, 16) ^ maphash.Bytes(s.seed, part)
	}
	return sum
}

// Reconnect notes that a new connection follows.
func (s *Sequencer) Reconnect() {
	s.redelivered = s.unacked[max(0, len(s.unacked)-s.inFlight):]
	s.unacked = slices.Clone(s.redelivered)
	s.found = false
}
