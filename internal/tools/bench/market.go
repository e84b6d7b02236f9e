package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// market publishes trades between the users of a group. Its methods are for one
// goroutine.
type market struct {
	run *run
	pub Publisher
	rng *rand.Rand

	// Fixed at construction.
	first, size int  // the users, each of whom may be either side
	house       int  // who buys all, and has no socket; -1: nobody does
	turns       bool // users trade in turn, not at random; set before the first trade

	published int64
}

// noHouse says that both sides of a trade are users of the group.
const noHouse = -1

// newMarket makes a market of a fleet's users.
func (r *run) newMarket(f *fleet, pub Publisher, house int) *market {
	seed := uint64(f.first)                                                                                           //nolint:gosec // an index
	return &market{run: r, pub: pub, rng: rand.New(rand.NewPCG(seed, 5)), first: f.first, size: f.size, house: house} //nolint:gosec // a choice needs no secrecy
}

// views returns how many sides of a trade are users of the group.
func (m *market) views() int64 {
	if m.house != noHouse {
		return 1
	}
	return 2
}

// pick returns the sides of the next trade, two different users.
func (m *market) pick() (seller, buyer int) {
	if m.turns {
		next := 2 * m.published
		return m.first + int(next%int64(m.size)), m.first + int((next+1)%int64(m.size))
	}
	seller = m.rng.IntN(m.size)
	if m.house != noHouse {
		return m.first + seller, m.house
	}
	buyer = m.rng.IntN(m.size - 1)
	if buyer >= seller {
		buyer++
	}
	return m.first + seller, m.first + buyer
}

// party returns a side with the number of the user's next event.
func (m *market) party(user int) party {
	p := party{user, m.run.sent[user]}
	m.run.sent[user]++
	return p
}

var errFull = errors.New("there are more trades than a run can have")

// publish publishes a trade that is due so long after the run's begin.
func (m *market) publish(ctx context.Context, due time.Duration, l lane) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	n, ok := m.run.table.add(due, l)
	if !ok {
		return errFull
	}
	seller, buyer := m.pick()
	m.published++
	return m.pub.Publish(ctx, m.run.plan.trade(n, m.party(seller), m.party(buyer)))
}

// flood publishes so many trades as fast as it can. Each is due when it is made.
func (m *market) flood(ctx context.Context, count int, l lane) error {
	for range count {
		if err := m.publish(ctx, m.run.now(), l); err != nil {
			return err
		}
	}
	return nil
}

// unpunctual is how late a timer of the run's own may be: its clock has steps of
// a millisecond while the process is idle. So much later than planned is no
// fault of the server's.
const unpunctual = 2 * time.Millisecond

// steady publishes trades at a rate a second, each due at its time, however long
// the one before took, until more has no lane for the n-th.
func (m *market) steady(ctx context.Context, rate int, more func(n int) lane) error {
	start := m.run.now()
	for n := 0; ; n++ {
		l := more(n)
		if l == 0 {
			return nil
		}
		due := start + time.Duration(n)*time.Second/time.Duration(rate)
		if m.run.now() < due {
			if err := m.run.until(ctx, due); err != nil {
				return err
			}
			if woke := m.run.now(); woke < due+unpunctual {
				due = woke
			}
		}
		if err := m.publish(ctx, due, l); err != nil {
			return err
		}
	}
}
