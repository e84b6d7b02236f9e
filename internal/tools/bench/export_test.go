package bench

import (
	"io"
	"net"
	"time"

	"ranger/internal/event"
)

// Frame is a frame.
type Frame struct {
	Op      byte
	Payload string
}

// ReadFrames reads frames until r ends or a frame is invalid.
func ReadFrames(r io.Reader) (all []Frame, err error) {
	var in frames
	for {
		if err := in.fill(r); err != nil {
			return all, err
		}
		for {
			op, payload, ok, err := in.next()
			if err != nil {
				return all, err
			}
			if !ok {
				break
			}
			all = append(all, Frame{op, string(payload)})
		}
	}
}

// Workload defines the users and trades of a run.
type Workload struct{ plan workload }

// NewWorkload returns a new workload.
func NewWorkload() Workload { return Workload{newWorkload(time.Now())} }

// UID returns the uid of a user.
func (w Workload) UID(user int) event.UID { return w.plan.uid(user) }

// Trade returns trade n between two users and the numbers of their events.
func (w Workload) Trade(n uint32, seller int, sold uint32, buyer int, bought uint32) event.Delivery {
	return w.plan.trade(serial(n), party{seller, sold}, party{buyer, bought})
}

// ParseTrade parses a trade on a socket.
func ParseTrade(text []byte) (n uint32, user int, number uint32, ok bool) {
	r, ok := parseTrade(text)
	return uint32(r.serial), r.user, r.number, ok
}

// TimedReader reads a connection and knows when bytes arrived.
type TimedReader struct{ *timedReader }

// NewTimedReader returns a reader of conn with timestamps.
func NewTimedReader(conn net.Conn) TimedReader { return TimedReader{newTimedReader(conn, true)} }

// At returns the time at which the bytes of the last read arrived; zero if unknown.
func (r TimedReader) At() time.Time { return r.at }

// Turns returns the sides of trades of users that trade in turn.
func Turns(users, trades int) (sides []int) {
	m := market{size: users, counterparty: noCounterparty, inTurn: true}
	for range trades {
		seller, buyer := m.pick()
		sides = append(sides, seller, buyer)
		m.published++
	}
	return sides
}
