package exchange_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
)

// machine runs an exchange and its model side by side.
type machine struct {
	exchange *exchange.Exchange
	model    model
}

func users() []event.UID { return []event.UID{alice, bob, carol} }

// TestExchange_MatchesModel: for any sequence of requests the exchange does the same as
// its model, and no money is created or lost.
func TestExchange_MatchesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := exchange.Config{
			Markets: markets(),
			Pending: rapid.SampledFrom([]int{4, 7, 12, 1000}).Draw(t, "pending"),
			Open:    rapid.SampledFrom([]int{2, 5, 100}).Draw(t, "open"),
		}
		x, err := exchange.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		m := &machine{exchange: x, model: model{
			cfg: cfg, last: map[exchange.MarketID]decimal.Decimal{}, total: map[exchange.Currency]decimal.Decimal{},
		}}
		m.deposit(t)
		t.Repeat(map[string]func(*rapid.T){
			"place":     m.place,
			"place ":    m.place, // more often
			"place  ":   m.place,
			"place   ":  m.place,
			"cancel":    m.cancel,
			"cancelAll": m.cancelAll,
			"deposit":   m.deposit,
			"next":      m.next,
			"next ":     m.next,
			"":          m.check,
		})
	})
}

// deposit makes the same deposits for each user.
func (m *machine) deposit(t *rapid.T) {
	for _, most := range []exchange.Balance{
		{Currency: "btc", Available: number("8")}, {Currency: "eth", Available: number("60")}, {Currency: "usd", Available: number("800")},
	} {
		c := most.Currency
		amount := decimal.New(rapid.Int64Range(1, most.Available.IntPart()).Draw(t, string(c)), 0)
		for _, uid := range users() {
			m.exchange.Deposit(uid, c, amount)
			m.model.total[c] = m.model.total[c].Add(amount)
		}
	}
}

func (m *machine) place(t *rapid.T) {
	at := rapid.SampledFrom(markets()).Draw(t, "market")
	volume, price := decimal.New(rapid.Int64Range(1, 60).Draw(t, "volume"), -1), decimal.New(rapid.Int64Range(95, 105).Draw(t, "price"), 0)
	if at.ID == "ethbtc" {
		volume, price = volume.Shift(1), price.Shift(-3)
	}
	o := exchange.Order{
		UID: rapid.SampledFrom(users()).Draw(t, "uid"), Market: at.ID, State: exchange.Wait, OriginVolume: volume, Remaining: volume,
		Side: rapid.SampledFrom([]exchange.Side{exchange.Buy, exchange.Sell}).Draw(t, "side"),
	}
	r := exchange.Request{Market: at.ID, Side: o.Side, Type: exchange.AtMarket, Volume: volume.String()}
	if rapid.IntRange(0, 3).Draw(t, "type") > 0 {
		r.Type, r.Price, o.Price = "", price.String(), decimal.NewNullDecimal(price)
	}
	want := m.model.refusal(o)
	got, err := m.exchange.Place(o.UID, r)
	if want != "" {
		if codeOf(err) != want {
			t.Fatalf("%v: got error %v, want %s", r, err, want)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v: %v", r, err)
	}
	if got, want := orderLine(got), orderLine(m.model.place(o).Order); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

// codeOf returns the code of a refusal, empty if err is nil.
func codeOf(err error) exchange.Code {
	if refused, ok := errors.AsType[*exchange.Error](err); ok {
		return refused.Code
	}
	return ""
}

func (m *machine) cancel(t *rapid.T) {
	uid, id := rapid.SampledFrom(users()).Draw(t, "uid"), rapid.IntRange(0, len(m.model.orders)+1).Draw(t, "id")
	i := slices.IndexFunc(m.model.orders, func(o *modelOrder) bool { return o.ID == uint64(id) && o.UID == uid })
	got, err := m.exchange.Cancel(uid, uint64(id))
	var want exchange.Code
	switch {
	case i < 0:
		want = exchange.NotFound
	case m.model.orders[i].State != exchange.Wait:
	case len(m.model.changes) == m.model.cfg.Pending:
		want = exchange.Busy
	default:
		m.model.cancel(m.model.orders[i])
	}
	switch {
	case want != "":
		if codeOf(err) != want {
			t.Fatalf("got error %v, want %s", err, want)
		}
	case err != nil || orderLine(got) != orderLine(m.model.orders[i].Order):
		t.Fatalf("got %s and error %v, want %s", orderLine(got), err, orderLine(m.model.orders[i].Order))
	}
}

func (m *machine) cancelAll(t *rapid.T) {
	uid, at := rapid.SampledFrom(users()).Draw(t, "uid"), rapid.SampledFrom(markets()).Draw(t, "market").ID
	var want []string
	for _, o := range m.model.orders {
		if o.UID == uid && o.Market == at && o.State == exchange.Wait && len(m.model.changes) < m.model.cfg.Pending {
			m.model.cancel(o)
			want = append(want, orderLine(o.Order))
		}
	}
	var got []string
	for _, o := range m.exchange.CancelAll(uid, exchange.Query{Market: at}) {
		got = append(got, orderLine(o))
	}
	if d := differ(want, got); d != "" {
		t.Fatalf("canceled (-want +got)\n%s", d)
	}
}

// differ compares lines, nearly all of which are equal.
func differ(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

// next takes all queued changes.
func (m *machine) next(t *rapid.T) {
	if d := differ(m.model.changes, tape(m.exchange)); d != "" {
		t.Fatalf("changes (-want +got)\n%s", d)
	}
	m.model.changes = nil
}

func (m *machine) check(t *rapid.T) {
	m.checkMoney(t)
	for _, at := range markets() {
		m.checkBook(t, at.ID)
	}
	for _, uid := range users() {
		var want []string
		for _, o := range slices.Backward(m.model.orders) {
			if o.UID == uid {
				want = append(want, orderLine(o.Order))
			}
		}
		var got []string
		for _, o := range m.exchange.Orders(uid, exchange.Query{}) {
			got = append(got, orderLine(o))
			m.checkOrder(t, o)
		}
		if d := differ(want, got); d != "" {
			t.Fatalf("%s's orders (-want +got)\n%s", uid, d)
		}
	}
}

// checkMoney checks that no money is created or lost, nothing is below zero, and the
// locked amounts are those of open orders.
func (m *machine) checkMoney(t *rapid.T) {
	total := map[exchange.Currency]decimal.Decimal{}
	for _, uid := range users() {
		for _, b := range m.exchange.Balances(uid) {
			total[b.Currency] = total[b.Currency].Add(b.Available).Add(b.Locked)
			if b.Available.IsNegative() || b.Locked.IsNegative() {
				t.Fatalf("%s: got %v", uid, b)
			}
			want := exchange.Balance{Currency: b.Currency, Available: m.model.balance(uid, b.Currency), Locked: m.model.locked(uid, b.Currency)}
			if !b.Available.Equal(want.Available) || !b.Locked.Equal(want.Locked) {
				t.Fatalf("%s: got %v, want %v", uid, b, want)
			}
		}
	}
	if !maps.EqualFunc(m.model.total, total, decimal.Decimal.Equal) {
		t.Fatalf("got %v of all users, want the deposits %v", total, m.model.total)
	}
}

// checkBook checks that the book has the open orders, best prices first, and is not crossed.
func (m *machine) checkBook(t *rapid.T, id exchange.MarketID) {
	asks, bids, _ := m.exchange.Depth(id, 0)
	if len(asks) > 0 && len(bids) > 0 && asks[0].Price.LessThanOrEqual(bids[0].Price) {
		t.Fatalf("crossed: asks from %s, bids from %s", asks[0].Price, bids[0].Price)
	}
	for side, got := range map[exchange.Side][]exchange.Level{exchange.Sell: asks, exchange.Buy: bids} {
		var want []exchange.Level
		for _, o := range m.model.orders {
			if o.Market != id || o.Side != side || o.State != exchange.Wait {
				continue
			}
			i := slices.IndexFunc(want, func(l exchange.Level) bool { return l.Price.Equal(o.Price.Decimal) })
			if i < 0 {
				i, want = len(want), append(want, exchange.Level{Price: o.Price.Decimal})
			}
			want[i].Volume = want[i].Volume.Add(o.Remaining)
		}
		slices.SortFunc(want, func(a, b exchange.Level) int {
			if side == exchange.Buy {
				a, b = b, a
			}
			return a.Price.Cmp(b.Price)
		})
		same := func(a, b exchange.Level) bool { return a.Price.Equal(b.Price) && a.Volume.Equal(b.Volume) }
		if !slices.EqualFunc(want, got, same) {
			t.Fatalf("%s of %s: got %v, want %v", side, id, got, want)
		}
	}
}

// checkOrder checks the sums of an order's volumes and trades, and the makers' prices.
func (m *machine) checkOrder(t *rapid.T, o exchange.Order) {
	_, trades, _ := m.exchange.Order(o.UID, o.ID)
	var sum, funds decimal.Decimal
	for _, trade := range trades {
		sum, funds = sum.Add(trade.Volume), funds.Add(trade.Funds)
		maker := trade.Ask
		if trade.TakerSide == exchange.Sell {
			maker = trade.Bid
		}
		if !trade.Price.Equal(maker.Price.Decimal) || !trade.Funds.Equal(trade.Price.Mul(trade.Volume)) {
			t.Fatalf("%s: %s, but the maker's price is %s", orderLine(o), tradeLine(trade), maker.Price.Decimal)
		}
	}
	switch {
	case !o.OriginVolume.Equal(o.Remaining.Add(o.Executed)), o.Remaining.IsNegative(), !o.Executed.Equal(sum), o.Trades != len(trades),
		(o.State == exchange.Done) != o.Remaining.IsZero(), o.State == exchange.Wait && !o.Price.Valid:
		t.Fatalf("%s: got trades of %s, worth %s", orderLine(o), sum, funds)
	}
}
