package exchange_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

const (
	alice event.UID = "alice"
	bob   event.UID = "bob"
	carol event.UID = "carol"
)

// The markets have a currency in common.
func markets() []exchange.Market {
	return []exchange.Market{
		{ID: "btcusd", Base: "btc", Quote: "usd", PriceDigits: 2, VolumeDigits: 4, MinVolume: number("0.001")},
		{ID: "ethbtc", Base: "eth", Quote: "btc", PriceDigits: 5, VolumeDigits: 2},
	}
}

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// start is the time of the tests' clock.
var start = time.Date(2018, 8, 20, 14, 47, 10, 0, time.UTC)

// newExchange returns an exchange with a stopped clock, on which users have the
// same deposits.
func newExchange(tb testing.TB, cfg exchange.Config, uids ...event.UID) *exchange.Exchange {
	tb.Helper()
	if cfg.Markets == nil {
		cfg.Markets = markets()
	}
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return start }
	}
	x, err := exchange.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	for _, uid := range uids {
		x.Deposit(uid, "btc", number("10"))
		x.Deposit(uid, "usd", number("1000"))
		x.Deposit(uid, "eth", number("100"))
	}
	return x
}

// request parses "sell 0.5 @ 100" and "buy 2 at market"; a market may follow, otherwise
// it is btcusd.
func request(tb testing.TB, text string) exchange.Request {
	tb.Helper()
	words := strings.Fields(text)
	if len(words) == 4 {
		words = append(words, "btcusd")
	}
	if len(words) != 5 {
		tb.Fatalf("%q is not a request", text)
	}
	r := exchange.Request{Side: exchange.Side(words[0]), Volume: words[1], Market: exchange.MarketID(words[4])}
	if words[2] == "at" {
		r.Type = exchange.AtMarket
	} else {
		r.Price = words[3]
	}
	return r
}

// place places an order that must be accepted.
func place(tb testing.TB, x *exchange.Exchange, uid event.UID, text string) exchange.Order {
	tb.Helper()
	o, err := x.Place(uid, request(tb, text))
	if err != nil {
		tb.Fatalf("%s: %s: %v", uid, text, err)
	}
	return o
}

// refusal returns the field and the code of a refusal.
func refusal(tb testing.TB, err error) string {
	tb.Helper()
	refused, ok := errors.AsType[*exchange.Error](err)
	if !ok || refused.Text == "" {
		tb.Fatalf("got error %v, want an Error with a text", err)
	}
	return refused.Field + " " + string(refused.Code)
}

// drain returns the queued changes.
func drain(x *exchange.Exchange) (changes []exchange.Change) {
	for c, ok := x.Pop(); ok; c, ok = x.Pop() {
		changes = append(changes, c)
	}
	return changes
}

// tape returns the queued changes, a line each.
func tape(x *exchange.Exchange) []string {
	var lines []string
	for _, c := range drain(x) {
		if c.Order != nil {
			lines = append(lines, orderLine(*c.Order))
		} else {
			lines = append(lines, tradeLine(*c.Trade))
		}
	}
	return lines
}

func orderLine(o exchange.Order) string {
	price := "market"
	if o.Price.Valid {
		price = o.Price.Decimal.String()
	}
	return fmt.Sprintf("#%d %s %s %s @ %s: %s, %s left, %s in %d @ %s",
		o.ID, o.UID, o.Side, o.OriginVolume, price, o.State, o.Remaining, o.Executed, o.Trades, o.AvgPrice)
}

func tradeLine(t exchange.Trade) string {
	trend := "down"
	if t.Rising {
		trend = "up"
	}
	return fmt.Sprintf("trade %d: %s @ %s = %s, #%d %s sells to #%d %s, taker %s, %s",
		t.ID, t.Volume, t.Price, t.Funds, t.Ask.ID, t.Ask.UID, t.Bid.ID, t.Bid.UID, t.TakerSide, trend)
}

// balances returns a user's balances as "available+locked", of each currency that
// differs from newExchange.
func balances(x *exchange.Exchange, uid event.UID) string {
	var words []string
	for _, b := range x.Balances(uid) {
		given := map[exchange.Currency]string{"btc": "10+0", "eth": "100+0", "usd": "1000+0"}[b.Currency]
		if text := fmt.Sprintf("%s+%s", b.Available, b.Locked); text != given {
			words = append(words, fmt.Sprintf("%s %s", b.Currency, text))
		}
	}
	return strings.Join(words, ", ")
}

// depth returns a book: the asks from the highest down, then the bids.
func depth(x *exchange.Exchange, m exchange.MarketID) string {
	asks, bids, _ := x.Depth(m, 0)
	var words []string
	for _, l := range asks {
		words = append([]string{fmt.Sprintf("%s @ %s", l.Volume, l.Price)}, words...)
	}
	words = append(words, "|")
	for _, l := range bids {
		words = append(words, fmt.Sprintf("%s @ %s", l.Volume, l.Price))
	}
	return strings.Join(words, " ")
}
