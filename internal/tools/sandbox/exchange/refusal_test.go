package exchange_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// state returns everything visible of an exchange except the queued changes.
func state(x *exchange.Exchange, uids ...event.UID) map[string]any {
	all := map[string]any{}
	for _, m := range x.Markets() {
		all["book "+string(m.ID)] = depth(x, m.ID)
		all["trades "+string(m.ID)] = x.Recent(m.ID, 0)
	}
	for _, uid := range uids {
		all["orders "+string(uid)] = x.Orders(uid, exchange.Query{})
		all["trades "+string(uid)] = x.Trades(uid, exchange.Query{})
		all["balances "+string(uid)] = x.Balances(uid)
	}
	return all
}

func TestPlace_RefusedOrderChangesNothing(t *testing.T) {
	good := exchange.Request{Market: "btcusd", Side: "buy", Volume: "1", Price: "10"}
	for _, tt := range []struct {
		name string
		uid  event.UID
		turn func(*exchange.Request)
		want string
	}{
		{"no market", bob, func(r *exchange.Request) { r.Market = "" }, "market missing"},
		{"unknown market", bob, func(r *exchange.Request) { r.Market = "BTCUSD" }, "market not_found"},
		{"no side", bob, func(r *exchange.Request) { r.Side = "" }, "side missing"},
		{"unknown side", bob, func(r *exchange.Request) { r.Side = "ask" }, "side invalid"},
		{"unknown type", bob, func(r *exchange.Request) { r.Type = "stop" }, "ord_type invalid"},
		{"no volume", bob, func(r *exchange.Request) { r.Volume = "" }, "volume missing"},
		{"volume below the market's", bob, func(r *exchange.Request) { r.Volume = "0.0009" }, "volume too_small"},
		{"volume too precise", bob, func(r *exchange.Request) { r.Volume = "1.00001" }, "volume too_precise"},
		{"volume precise enough elsewhere", bob, func(r *exchange.Request) { r.Volume, r.Market = "1.0001", "ethbtc" }, "volume too_precise"},
		{"volume too big", bob, func(r *exchange.Request) { r.Volume = "1000000000000.0001" }, "volume too_big"},
		{"no price", bob, func(r *exchange.Request) { r.Price = "" }, "price missing"},
		{"price zero", bob, func(r *exchange.Request) { r.Price = "0.00" }, "price too_small"},
		{"price too precise", bob, func(r *exchange.Request) { r.Price = "10.001" }, "price too_precise"},
		{"price too big", bob, func(r *exchange.Request) { r.Price = "1000000000000.01" }, "price too_big"},
		{"price at market", bob, func(r *exchange.Request) { r.Type = exchange.AtMarket }, "price invalid"},
		{"buy for more than one has", bob, func(r *exchange.Request) { r.Volume = "100.001" }, "volume insufficient_funds"},
		{"sell more than one has", bob, func(r *exchange.Request) { r.Side, r.Volume = exchange.Sell, "10.0001" }, "volume insufficient_funds"},
		{"buy at market for more than one has", bob, func(r *exchange.Request) { r.Type, r.Volume, r.Price = exchange.AtMarket, "9", "" }, "volume insufficient_funds"},
		{"sell at market more than one has", bob, func(r *exchange.Request) {
			r.Type, r.Side, r.Volume, r.Price = exchange.AtMarket, exchange.Sell, "11", ""
		}, "volume insufficient_funds"},
		{"no bid for a market order", bob, func(r *exchange.Request) {
			*r = exchange.Request{Market: "ethbtc", Side: "sell", Type: "market", Volume: "1"}
		}, "volume insufficient_liquidity"},
		{"a user without a deposit", "mallory", func(*exchange.Request) {}, "volume insufficient_funds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newExchange(t, exchange.Config{}, alice, bob)
			place(t, x, alice, "sell 5 @ 150")
			place(t, x, alice, "sell 4 @ 200")
			place(t, x, alice, "buy 1 @ 1")
			drain(x)
			before := state(x, alice, bob, "mallory")
			r := good
			tt.turn(&r)
			got, err := x.Place(tt.uid, r)
			if code := refusal(t, err); code != tt.want {
				t.Errorf("got %q (%v), want %q", code, err, tt.want)
			}
			if d := cmp.Diff(exchange.Order{}, got); d != "" {
				t.Errorf("got an order with the error: %s", d)
			}
			if d := cmp.Diff(before, state(x, alice, bob, "mallory")); d != "" {
				t.Errorf("got changed state: %s", d)
			}
			if lines := tape(x); lines != nil {
				t.Errorf("got changes %q", lines)
			}
		})
	}
}

func TestPlace_AcceptsOnlyPlainDecimals(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"1", "1"},
		{"0.001", "0.001"},
		{"12.5", "12.5"},
		{"007", "7"},
		{"1.50000000", "1.5"},
		{"1.0000000000000000000000000000000", ""}, // 33 characters
		{"1.000000000000000000000000000000", "1"}, // 32
		{strings.Repeat("0", 31) + "2", "2"},
		{"0", ""},
		{"-1", ""},
		{"+1", ""},
		{".5", ""},
		{"5.", ""},
		{".", ""},
		{"1..2", ""},
		{"1.2.3", ""},
		{"1e2", ""},
		{"1E2", ""},
		{"0x10", ""},
		{"1_000", ""},
		{"1,5", ""},
		{" 1", ""},
		{"1 ", ""},
		{"1\n", ""},
		{"NaN", ""},
		{"Inf", ""},
		{"٣", ""},
		{"1\x00", ""},
		{"null", ""},
	} {
		x := newExchange(t, exchange.Config{}, alice)
		got, err := x.Place(alice, exchange.Request{Market: "btcusd", Side: exchange.Buy, Volume: tt.text, Price: "1"})
		switch {
		case tt.want == "":
			if code := refusal(t, err); code != "volume invalid" && tt.text != "0" {
				t.Errorf("volume %q: got %q", tt.text, code)
			}
		case err != nil || got.OriginVolume.String() != tt.want:
			t.Errorf("volume %q: got %s and error %v, want %s", tt.text, got.OriginVolume, err, tt.want)
		}
	}
}

func TestPlace_LargestOrdersHaveExactFunds(t *testing.T) {
	x := newExchange(t, exchange.Config{}, alice, bob)
	x.Deposit(alice, "btc", number("1e12"))
	x.Deposit(bob, "usd", number("1e24"))
	place(t, x, alice, "sell 999999999999.9999 @ 999999999999.99")
	place(t, x, bob, "buy 1000000000000 @ 1000000000000")
	got := x.Recent("btcusd", 1)[0].Funds.String()
	if want := "999999999999989900000000.000001"; got != want {
		t.Errorf("got funds %s, want %s", got, want)
	}
}

func TestPlace_RefusesTooManyOpenOrders(t *testing.T) {
	x := newExchange(t, exchange.Config{Open: 2}, alice, bob)
	place(t, x, alice, "sell 1 @ 12")
	first := place(t, x, alice, "sell 1 @ 11")
	_, err := x.Place(alice, request(t, "sell 1 @ 13"))
	if got := refusal(t, err); got != " too_many" {
		t.Errorf("got %q", got)
	}
	place(t, x, alice, "buy 1 at market") // it is never open, and fills an open one
	if o, _, _ := x.Order(alice, first.ID); o.State != exchange.Done {
		t.Errorf("got best order %s", o.State)
	}
	place(t, x, alice, "sell 1 @ 13")
	place(t, x, bob, "sell 1 @ 13")
}

func TestNew_RefusesInvalidConfig(t *testing.T) {
	market := func(turn func(*exchange.Market)) exchange.Config {
		m := markets()[0]
		turn(&m)
		return exchange.Config{Markets: []exchange.Market{m}}
	}
	for _, tt := range []struct {
		name string
		cfg  exchange.Config
		want string
	}{
		{"no market", exchange.Config{}, "markets: must have at least one"},
		{"twice", exchange.Config{Markets: append(markets(), markets()[1])}, `market "ethbtc": must be unique`},
		{"no id", market(func(m *exchange.Market) { m.ID = "" }), "must not be empty"},
		{"no quote", market(func(m *exchange.Market) { m.Quote = "" }), "must not be empty"},
		{"one currency", market(func(m *exchange.Market) { m.Quote = m.Base }), "must not be the same"},
		{"price digits", market(func(m *exchange.Market) { m.PriceDigits = -1 }), "must be 0 to 16"},
		{"volume digits", market(func(m *exchange.Market) { m.VolumeDigits = 17 }), "must be 0 to 16"},
		{"negative volume", market(func(m *exchange.Market) { m.MinVolume = number("-1") }), "min volume"},
		{"min volume that none has", market(func(m *exchange.Market) { m.MinVolume = number("1e13") }), "min volume"},
		{"pending", exchange.Config{Markets: markets(), Pending: -1}, "pending -1: must not be negative"},
		{"history", exchange.Config{Markets: markets(), History: -1}, "history -1: must not be negative"},
		{"open", exchange.Config{Markets: markets(), Open: -1}, "open -1: must not be negative"},
	} {
		if _, err := exchange.New(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %q", tt.name, err, tt.want)
		}
	}
}
