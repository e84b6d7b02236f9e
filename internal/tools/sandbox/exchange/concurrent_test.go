package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// While many goroutines place and cancel, each change arrives once and in order, and the
// last change of an order is its state.
func TestExchange_ConcurrentUsersLoseNoMoney(t *testing.T) {
	const traders, steps = 8, 300
	var uids []event.UID
	for i := range traders {
		uids = append(uids, event.UID(fmt.Sprint("user ", i)))
	}
	x := newExchange(t, exchange.Config{Pending: 20}, uids...)

	ctx, cancel := context.WithCancel(t.Context())
	var changes []exchange.Change
	var teller sync.WaitGroup
	teller.Go(func() {
		for {
			c, err := x.Next(ctx)
			if err != nil {
				return
			}
			changes = append(changes, c)
		}
	})
	var trading sync.WaitGroup
	for i, uid := range uids {
		trading.Go(func() { trade(t, x, uid, rand.New(rand.NewPCG(uint64(i), 7)), steps) })
	}
	trading.Wait()
	cancel()
	teller.Wait()
	changes = append(changes, drain(x)...)

	last := map[uint64]exchange.Order{}
	trades := uint64(0)
	for _, c := range changes {
		if c.Trade != nil {
			if trades++; c.Trade.ID != trades {
				t.Fatalf("got trade %d as number %d", c.Trade.ID, trades)
			}
			continue
		}
		before, ok := last[c.Order.ID]
		switch {
		case !ok && (c.Order.ID != uint64(len(last)+1) || c.Order.State != exchange.Wait || c.Order.Trades != 0):
			t.Fatalf("after %d orders: got first change %s", len(last), orderLine(*c.Order))
		case ok && (before.State != exchange.Wait || c.Order.Trades-before.Trades+boolean(c.Order.State == exchange.Cancel) != 1):
			t.Fatalf("after %s: got %s", orderLine(before), orderLine(*c.Order))
		}
		last[c.Order.ID] = *c.Order
	}
	if trades < 50 || len(last) < 200 {
		t.Errorf("got %d orders and %d trades, want more", len(last), trades)
	}
	for _, o := range last {
		if got, _, ok := x.Order(o.UID, o.ID); !ok || orderLine(got) != orderLine(o) {
			t.Errorf("got last change %s, state %s", orderLine(o), orderLine(got))
		}
	}
	got := map[exchange.Currency]string{}
	for i, c := range []exchange.Currency{"btc", "eth", "usd"} {
		sum := number("0")
		for _, uid := range uids {
			b := x.Balances(uid)[i]
			sum = sum.Add(b.Available).Add(b.Locked)
		}
		got[c] = sum.String()
	}
	if d := cmp.Diff(map[exchange.Currency]string{"btc": "80", "eth": "800", "usd": "8000"}, got); d != "" {
		t.Errorf("all users together (-want +got)\n%s", d)
	}
}

// trade places, cancels and reads, and retries if the exchange is busy.
func trade(tb testing.TB, x *exchange.Exchange, uid event.UID, random *rand.Rand, steps int) {
	var own []uint64
	for range steps {
		side := []string{"buy", "sell"}[random.IntN(2)]
		text := fmt.Sprintf("%s 0.%d @ %d", side, 1+random.IntN(9), 95+random.IntN(10))
		if random.IntN(4) == 0 {
			text = side + " 0.5 at market"
		}
		switch random.IntN(5) {
		case 0:
			if len(own) > 0 {
				id := own[random.IntN(len(own))]
				patiently(tb, func() error { _, err := x.Cancel(uid, id); return err })
			}
		case 1:
			x.Orders(uid, exchange.Query{Limit: 5})
			x.Trades(uid, exchange.Query{Limit: 5})
			x.Depth("btcusd", 5)
			x.Recent("btcusd", 5)
			x.Balances(uid)
		default:
			patiently(tb, func() error {
				o, err := x.Place(uid, request(tb, text))
				if err == nil {
					own = append(own, o.ID)
				}
				return err
			})
		}
	}
}

// patiently repeats a request while the exchange is busy.
func patiently(tb testing.TB, do func() error) {
	for {
		err := do()
		refused, ok := errors.AsType[*exchange.Error](err)
		switch {
		case err == nil:
			return
		case !ok:
			tb.Errorf("got error %v", err)
			return
		case refused.Code == exchange.Busy:
			runtime.Gosched()
		case refused.Code == exchange.InsufficientFunds, refused.Code == exchange.InsufficientLiquidity, refused.Code == exchange.TooBig:
			return
		default:
			tb.Errorf("got error %v", err)
			return
		}
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
