package bench

import (
	"io"
	"net"
	"time"

	"ranger/internal/event"
)

// Frame is a frame that was read.
type Frame struct {
	Op      byte
	Payload string
}

// ReadFrames reads frames until r ends, or one is wrong.
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

// Plan is plan.
type Plan struct{ plan plan }

// NewPlan makes a plan.
func NewPlan() Plan { return Plan{newPlan(time.Now())} }

// UID is that of a user.
func (p Plan) UID(user int) event.UID { return p.plan.uid(user) }

// Trade is trade n between two users and the number of each.
func (p Plan) Trade(n uint32, seller int, sold uint32, buyer int, bought uint32) event.Delivery {
	return p.plan.trade(serial(n), party{seller, sold}, party{buyer, bought})
}

// ParseTrade is parseTrade.
func ParseTrade(text []byte) (n uint32, user int, number uint32, ok bool) {
	r, ok := parseTrade(text)
	return uint32(r.serial), r.user, r.number, ok
}

// Arrival is arrival.
type Arrival struct{ *arrival }

// NewArrival reads conn, stamped.
func NewArrival(conn net.Conn) Arrival { return Arrival{newArrival(conn, true)} }

// At is when the last read came; zero where that is not known.
func (a Arrival) At() time.Time { return a.at }

// Turns are the sides of so many trades of users who trade in turn.
func Turns(users, trades int) (sides []int) {
	m := market{size: users, house: noHouse, turns: true}
	for range trades {
		seller, buyer := m.pick()
		sides = append(sides, seller, buyer)
		m.published++
	}
	return sides
}
