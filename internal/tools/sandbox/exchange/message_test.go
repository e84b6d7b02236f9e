package exchange_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

const (
	seller event.UID = "IDSELLER00001"
	buyer  event.UID = "IDBUYER000001"
)

// golden returns a file of testdata without its last line end.
func golden(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

// fixture returns the trade in the documentation.
func fixture() exchange.Trade {
	price := number("3500")
	ask := exchange.Order{
		ID: 3247, UID: seller, Market: "btcusd", Side: exchange.Sell, Type: exchange.Limit, State: exchange.Done,
		Price: decimal.NewNullDecimal(price), AvgPrice: price, OriginVolume: number("0.0331"), Executed: number("0.0331"),
		Trades: 1, Created: start,
	}
	bid := exchange.Order{
		ID: 3248, UID: buyer, Market: "btcusd", Side: exchange.Buy, Type: exchange.Limit, State: exchange.Wait,
		Price: decimal.NewNullDecimal(price), AvgPrice: price, OriginVolume: number("0.50"), Executed: number("0.0331"),
		Remaining: number("0.4669"), Trades: 1, Created: start.Add(9*time.Second + 999*time.Millisecond).In(time.FixedZone("", 3600)),
	}
	return exchange.Trade{
		ID: 2435, Market: "btcusd", Price: price, Volume: number("0.0331"), Funds: number("115.8500"),
		Created: bid.Created, TakerSide: exchange.Buy, Rising: true, Ask: ask, Bid: bid,
	}
}

func TestDelivery_MatchesTheFixtures(t *testing.T) {
	trade := fixture()
	market := exchange.Order{
		ID: 3250, UID: seller, Market: "btcusd", Side: exchange.Sell, Type: exchange.AtMarket, State: exchange.Cancel,
		OriginVolume: number("2"), Remaining: number("2.0"), Created: trade.Created,
	}
	for _, tt := range []struct {
		file    string
		change  exchange.Change
		kind    event.Kind
		headers map[string]any
	}{
		{"order.json", exchange.Change{Order: &trade.Bid}, event.Order, map[string]any{"member_uid": string(buyer)}},
		{"order.market.json", exchange.Change{Order: &market}, event.Order, map[string]any{"member_uid": string(seller)}},
		{"trade.json", exchange.Change{Trade: &trade}, event.Trade, map[string]any{
			"market": "btcusd", "ask_member_uid": string(seller), "bid_member_uid": string(buyer),
		}},
	} {
		got := tt.change.Delivery()
		if d := cmp.Diff(golden(t, tt.file), string(got.Body)); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.file, d)
		}
		if d := cmp.Diff(tt.headers, got.Headers); d != "" || got.Kind != tt.kind {
			t.Errorf("%s: %s (-want +got)\n%s", tt.file, got.Kind, d)
		}
	}
}

func TestDelivery_ShowsFallingPrice(t *testing.T) {
	trade := fixture()
	trade.Rising, trade.TakerSide = false, exchange.Sell
	want := strings.Replace(golden(t, "trade.json"), `"up","maker_type":"sell","taker_type":"buy"`, `"down","maker_type":"buy","taker_type":"sell"`, 1)
	if d := cmp.Diff(want, string(exchange.Change{Trade: &trade}.Delivery().Body)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// received returns the events of users for changes, as a node decodes them.
func received(tb testing.TB, changes ...exchange.Change) map[event.UID][]string {
	tb.Helper()
	got := map[event.UID][]string{}
	for _, c := range changes {
		out := event.Decode(c.Delivery(), 256<<10, nil)
		if len(out.Undelivered) > 0 {
			tb.Errorf("undelivered: %q", out.Undelivered)
		}
		for _, e := range out.Events {
			got[e.UID] = append(got[e.UID], string(e.Message))
		}
	}
	return got
}

func TestDelivery_Owners(t *testing.T) {
	trade := fixture()
	got := received(t, exchange.Change{Trade: &trade}, exchange.Change{Order: &trade.Bid})
	want := map[event.UID][]string{
		seller: {golden(t, "trade.seller.json")},
		buyer:  {golden(t, "trade.buyer.json"), `{"orderbook":` + golden(t, "order.json") + `}`},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestDelivery_HidesOtherSide: each side of a trade sees its own order only (I1).
func TestDelivery_HidesOtherSide(t *testing.T) {
	x := newExchange(t, exchange.Config{}, seller, buyer)
	place(t, x, seller, "sell 1.5 @ 10")
	place(t, x, buyer, "buy 1 @ 11")
	place(t, x, seller, "buy 0.5 at market")
	common := []string{"created_at", "funds", "id", "maker_type", "market_id", "price", "side", "taker_type", "trend", "volume"}
	var views []string
	for uid, messages := range received(t, drain(x)...) {
		for _, message := range messages {
			var m struct{ Trade, Orderbook map[string]any }
			if err := json.Unmarshal([]byte(message), &m); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(message, "member") || strings.Contains(message, "IDSELLER") || strings.Contains(message, "IDBUYER") {
				t.Errorf("%s: got an identity in %s", uid, message)
			}
			if m.Trade == nil {
				continue
			}
			side, _ := m.Trade["side"].(string)
			views = append(views, string(uid)+" "+side)
			own := map[string][]string{"ask": {"ask", "order_id"}, "bid": {"bid", "order_id"}, "both": {"ask", "bid"}}[side]
			want := map[string]bool{}
			for _, key := range append(own, common...) {
				want[key] = true
			}
			got := map[string]bool{}
			for key := range m.Trade {
				got[key] = true
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, %s: keys (-want +got)\n%s", uid, side, d)
			}
		}
	}
	count := map[string]int{}
	for _, view := range views {
		count[view]++
	}
	if d := cmp.Diff(map[string]int{string(seller) + " ask": 1, string(seller) + " both": 1, string(buyer) + " bid": 1}, count); d != "" {
		t.Errorf("views (-want +got)\n%s", d)
	}
}
