package exchange_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

func ids(orders []exchange.Order) []uint64 {
	var ids []uint64
	for _, o := range orders {
		ids = append(ids, o.ID)
	}
	return ids
}

func tradeIDs(trades []exchange.Trade) []uint64 {
	var ids []uint64
	for _, t := range trades {
		ids = append(ids, t.ID)
	}
	return ids
}

// busyDay returns an exchange with some orders and trades.
func busyDay(t *testing.T) *exchange.Exchange {
	x := newExchange(t, exchange.Config{}, alice, bob)
	place(t, x, alice, "sell 1 @ 10")          // 1: done
	place(t, x, bob, "buy 0.5 @ 10")           // 2: trade 1
	place(t, x, alice, "buy 1 @ 9")            // 3: canceled
	place(t, x, bob, "buy 0.5 at market")      // 4: trade 2
	place(t, x, bob, "buy 1 @ 0.05 ethbtc")    // 5: done
	place(t, x, alice, "sell 1 @ 0.05 ethbtc") // 6: trade 3
	place(t, x, alice, "sell 1 @ 20")          // 7: open
	place(t, x, alice, "buy 0.25 at market")   // 8: trade 4, with itself
	if _, err := x.Cancel(alice, 3); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestOrders_ReturnsOnlyWhatMatches(t *testing.T) {
	x := busyDay(t)
	for _, tt := range []struct {
		name  string
		uid   event.UID
		query exchange.Query
		want  []uint64
	}{
		{"all", alice, exchange.Query{}, []uint64{8, 7, 6, 3, 1}},
		{"another's", bob, exchange.Query{}, []uint64{5, 4, 2}},
		{"unknown user", "mallory", exchange.Query{}, nil},
		{"a market", alice, exchange.Query{Market: "ethbtc"}, []uint64{6}},
		{"a side", alice, exchange.Query{Side: exchange.Buy}, []uint64{8, 3}},
		{"open", alice, exchange.Query{State: exchange.Wait}, []uint64{7}},
		{"cancelled", alice, exchange.Query{State: exchange.Cancel}, []uint64{3}},
		{"done sales of a market", alice, exchange.Query{Market: "btcusd", Side: exchange.Sell, State: exchange.Done}, []uint64{1}},
		{"first page", alice, exchange.Query{Limit: 2}, []uint64{8, 7}},
		{"second page", alice, exchange.Query{Limit: 2, Page: 2}, []uint64{6, 3}},
		{"last page", alice, exchange.Query{Limit: 2, Page: 3}, []uint64{1}},
		{"behind the last page", alice, exchange.Query{Limit: 2, Page: 4}, nil},
		{"exactly behind it", alice, exchange.Query{Limit: 5, Page: 2}, nil},
		{"far behind it", alice, exchange.Query{Limit: 3, Page: math.MaxInt/3 + 2}, nil},
		{"a page of all", alice, exchange.Query{Page: 2}, nil},
		{"the greatest page of the greatest limit", alice, exchange.Query{Limit: math.MaxInt, Page: math.MaxInt}, nil},
		{"negative", alice, exchange.Query{Limit: -1, Page: -1}, []uint64{8, 7, 6, 3, 1}},
		{"negative page", alice, exchange.Query{Limit: 1, Page: math.MinInt}, []uint64{8}},
	} {
		if d := cmp.Diff(tt.want, ids(x.Orders(tt.uid, tt.query))); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
}

func TestTrades_ReturnsOnlyWhatMatches(t *testing.T) {
	x := busyDay(t)
	for _, tt := range []struct {
		name  string
		uid   event.UID
		query exchange.Query
		want  []uint64
	}{
		{"all", alice, exchange.Query{}, []uint64{4, 3, 2, 1}},
		{"another's", bob, exchange.Query{}, []uint64{3, 2, 1}},
		{"unknown user", "mallory", exchange.Query{}, nil},
		{"a market", alice, exchange.Query{Market: "ethbtc"}, []uint64{3}},
		{"sold", alice, exchange.Query{Side: exchange.Sell}, []uint64{4, 3, 2, 1}},
		{"bought", alice, exchange.Query{Side: exchange.Buy}, []uint64{4}},
		{"bought by the other", bob, exchange.Query{Side: exchange.Buy}, []uint64{3, 2, 1}},
		{"sold by the other", bob, exchange.Query{Side: exchange.Sell}, nil},
		{"second page", alice, exchange.Query{Limit: 3, Page: 2}, []uint64{1}},
		{"state is not looked at", alice, exchange.Query{State: exchange.Wait}, []uint64{4, 3, 2, 1}},
	} {
		if d := cmp.Diff(tt.want, tradeIDs(x.Trades(tt.uid, tt.query))); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
	if d := cmp.Diff([]uint64{4, 2}, tradeIDs(x.Recent("btcusd", 2))); d != "" {
		t.Errorf("recent (-want +got)\n%s", d)
	}
	if got := x.Recent("xrpusd", 2); got != nil {
		t.Errorf("recent of an unknown market: got %v", got)
	}
}

func TestOrder_IsFoundOnlyByItsUser(t *testing.T) {
	x := busyDay(t)
	o, trades, ok := x.Order(alice, 1)
	if d := cmp.Diff([]uint64{2, 1}, tradeIDs(trades)); !ok || o.ID != 1 || o.State != exchange.Done || d != "" {
		t.Errorf("got %v %s, %s", ok, orderLine(o), d)
	}
	for _, uid := range []event.UID{bob, "mallory"} {
		if o, trades, ok := x.Order(uid, 1); ok || trades != nil || o.ID != 0 {
			t.Errorf("%s: got %s %v", uid, orderLine(o), trades)
		}
	}
}

func TestDepth_SumsVolumesOfEachPrice(t *testing.T) {
	x := newExchange(t, exchange.Config{}, alice, bob)
	for _, text := range []string{"sell 1 @ 12", "sell 1 @ 11", "sell 2 @ 11.00", "sell 1 @ 13", "buy 1 @ 8", "buy 1 @ 9", "buy 1 @ 7"} {
		place(t, x, alice, text)
	}
	for _, tt := range []struct {
		limit      int
		asks, bids []exchange.Level
	}{
		{1, []exchange.Level{{number("11"), number("3")}}, []exchange.Level{{number("9"), number("1")}}},
		{2, []exchange.Level{{number("11"), number("3")}, {number("12"), number("1")}}, []exchange.Level{{number("9"), number("1")}, {number("8"), number("1")}}},
	} {
		asks, bids, ok := x.Depth("btcusd", tt.limit)
		if d := cmp.Diff([][]exchange.Level{tt.asks, tt.bids}, [][]exchange.Level{asks, bids}); !ok || d != "" {
			t.Errorf("%d: %t (-want +got)\n%s", tt.limit, ok, d)
		}
	}
	if got, want := depth(x, "btcusd"), "1 @ 13 1 @ 12 3 @ 11 | 1 @ 9 1 @ 8 1 @ 7"; got != want {
		t.Errorf("all: %s, want %s", got, want)
	}
	if _, _, ok := x.Depth("xrpusd", 0); ok {
		t.Error("got a book of an unknown market")
	}
}

func TestBalances_ListsEveryCurrency(t *testing.T) {
	x := newExchange(t, exchange.Config{})
	x.Deposit(alice, "usd", number("-1"))
	x.Deposit(alice, "xrp", number("1"))
	x.Deposit(alice, "eth", number("0.5"))
	x.Deposit(alice, "eth", number("0.25"))
	for uid, eth := range map[event.UID]string{alice: "0.75", "mallory": "0"} {
		want := []exchange.Balance{{Currency: "btc"}, {Currency: "eth", Available: number(eth)}, {Currency: "usd"}}
		if d := cmp.Diff(want, x.Balances(uid)); d != "" {
			t.Errorf("%s (-want +got)\n%s", uid, d)
		}
	}
}

func TestHistory_LimitsEndedButNotOpenOrders(t *testing.T) {
	x := newExchange(t, exchange.Config{History: 3}, alice, bob)
	open := place(t, x, alice, "sell 5 @ 10")
	for range 5 {
		place(t, x, bob, "buy 0.5 @ 10")
	}
	waiting := place(t, x, bob, "buy 1 @ 9")
	for _, tt := range []struct {
		name      string
		got, want []uint64
	}{
		{"open", ids(x.Orders(alice, exchange.Query{})), []uint64{open.ID}},
		{"ended", ids(x.Orders(bob, exchange.Query{})), []uint64{waiting.ID, 6, 5, 4}},
		{"trades", tradeIDs(x.Trades(alice, exchange.Query{})), []uint64{5, 4, 3}},
		{"recent", tradeIDs(x.Recent("btcusd", 0)), []uint64{5, 4, 3}},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
	o, trades, _ := x.Order(alice, open.ID)
	if o.Trades != 5 || len(trades) != 3 {
		t.Errorf("got %d trades counted and %d stored, want 5 and 3", o.Trades, len(trades))
	}
	_, err := x.Cancel(bob, 2)
	if got := refusal(t, err); got != "id not_found" {
		t.Errorf("cancel of a removed order: got %q", got)
	}
}

func TestExchange_ReturnsCopies(t *testing.T) {
	x := busyDay(t)
	before := state(x, alice, bob)
	x.Markets()[0].ID = "none"
	x.Orders(alice, exchange.Query{})[0].UID = bob
	x.Trades(alice, exchange.Query{})[0].Ask.UID = bob
	x.Recent("btcusd", 0)[0].Ask.UID = bob
	for _, c := range drain(x) {
		if c.Order != nil {
			c.Order.State = ""
		} else {
			c.Trade.ID = 0
		}
	}
	if d := cmp.Diff(before, state(x, alice, bob)); d != "" {
		t.Error(d)
	}
}
