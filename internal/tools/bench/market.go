package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// market publishes trades between the users of a group. One goroutine uses it at a
// time.
type market struct {
	run *run
	pub Publisher
	rng *rand.Rand

	// Fixed at construction.
	first, size  int  // the users, each of whom may be either side
	counterparty int  // buyer of all trades, a user without sockets; -1: none
	inTurn       bool // users trade in turn instead of at random; set before the first trade

	published int64
}

// noCounterparty means that both sides of each trade are users of the group.
const noCounterparty = -1

// newMarket returns a market of the fleet's users.
func (r *run) newMarket(f *fleet, pub Publisher, counterparty int) *market {
	seed := uint64(f.first)                                                                                                         //nolint:gosec // an index
	return &market{run: r, pub: pub, rng: rand.New(rand.NewPCG(seed, 5)), first: f.first, size: f.size, counterparty: counterparty} //nolint:gosec // a choice needs no secrecy
}

// sides returns the number of sides of a trade at which users of the group are.
func (m *market) sides() int64 {
	if m.counterparty != noCounterparty {
		return 1
	}
	return 2
}

// pick returns the sides of the next trade, two different users.
func (m *market) pick() (seller, buyer int) {
	if m.inTurn {
		next := 2 * m.published
		return m.first + int(next%int64(m.size)), m.first + int((next+1)%int64(m.size))
	}
	seller = m.rng.IntN(m.size)
	if m.counterparty != noCounterparty {
		return m.first + seller, m.counterparty
	}
	buyer = m.rng.IntN(m.size - 1)
	if buyer >= seller {
		buyer++
	}
	return m.first + seller, m.first + buyer
}

// party returns a side of a trade, with the number of the user's next event.
func (m *market) party(user int) party {
	p := party{user, m.run.sent[user]}
	m.run.sent[user]++
	return p
}

var errTooManyTrades = errors.New("too many trades for one run")

// publish publishes a trade that is due at a time since the start of the run.
func (m *market) publish(ctx context.Context, due time.Duration, l class) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	n, ok := m.run.schedule.add(due, l)
	if !ok {
		return errTooManyTrades
	}
	seller, buyer := m.pick()
	m.published++
	return m.pub.Publish(ctx, m.run.workload.trade(n, m.party(seller), m.party(buyer)))
}

// publishAll publishes trades as fast as it can. Each is due when it is made.
func (m *market) publishAll(ctx context.Context, count int, l class) error {
	for range count {
		if err := m.publish(ctx, m.run.now(), l); err != nil {
			return err
		}
	}
	return nil
}

// timerSlack is the delay of a timer that is not blamed on the server: the clock of
// an idle process advances in steps of a millisecond.
const timerSlack = 2 * time.Millisecond

// publishAtRate publishes trades at a rate per second, each due at its time however long the
// one before took, until classOf returns 0 for the n-th trade.
func (m *market) publishAtRate(ctx context.Context, rate int, classOf func(n int) class) error {
	start := m.run.now()
	for n := 0; ; n++ {
		l := classOf(n)
		if l == 0 {
			return nil
		}
		due := start + time.Duration(n)*time.Second/time.Duration(rate)
		if m.run.now() < due {
			if err := m.run.sleepUntil(ctx, due); err != nil {
				return err
			}
			if woke := m.run.now(); woke < due+timerSlack {
				due = woke
			}
		}
		if err := m.publish(ctx, due, l); err != nil {
			return err
		}
	}
}
