package exchange_test

import (
	"errors"
	"math/big"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/sandbox/exchange"
)

// FuzzPlace: no request panics. It is refused with an Error and changes nothing, or
// becomes an order with exactly its numbers.
func FuzzPlace(f *testing.F) {
	for _, text := range []string{
		"", "0", "1", "0.5", "1.0000", "1.00001", "00001.5", "-1", "+1", "1e3", "1E-3", "1e1000000000", ".5", "5.", ".", "NaN", "Inf", "-Inf",
		"Infinity", "0x1p-2", "1_0", " 1", "1 ", "1\n", "\x00", "\xff", "٣", "１", "1,000", "1..1", "null", "true", "{}", "[]", `"1"`,
		"999999999999.9999", "1000000000000", "1000000000000.01", "99999999999999999999999999999999", "0.00000000000000000000000000000",
		"0.000000000000000000000000000001", "100000000000000000000000000000000000000000000",
	} {
		f.Add("btcusd", "buy", "limit", text, "1")
		f.Add("btcusd", "sell", "", "1", text)
		f.Add("ethbtc", "sell", "market", text, text)
		f.Add("btcusd", "buy", "market", text, "")
		f.Add(text, text, text, text, text)
	}
	plain := regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	least, most := big.NewRat(0, 1), new(big.Rat).SetInt64(1e12)
	// valid reports whether a text is a number that a market accepts.
	good := func(text string, digits int32) (*big.Rat, bool) {
		if len(text) > 32 || !plain.MatchString(text) {
			return nil, false
		}
		value, _ := new(big.Rat).SetString(text)
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
		return value, value.Cmp(least) > 0 && value.Cmp(most) <= 0 && new(big.Rat).Mul(value, scale).IsInt()
	}
	f.Fuzz(func(t *testing.T, market, side, kind, volume, price string) {
		x := newExchange(t, exchange.Config{}, alice, bob)
		place(t, x, alice, "sell 1 @ 11")
		place(t, x, alice, "buy 1 @ 10")
		drain(x)
		before := state(x, alice, bob)
		got, err := x.Place(bob, exchange.Request{
			Market: exchange.MarketID(market), Side: exchange.Side(side), Type: exchange.Type(kind), Volume: volume, Price: price,
		})
		changes := drain(x)
		if err != nil {
			refused, ok := errors.AsType[*exchange.Error](err)
			if !ok || refused.Field == "" || refused.Code == "" || refused.Text == "" {
				t.Fatalf("got error %#v", err)
			}
			if d := cmp.Diff(before, state(x, alice, bob)); d != "" || changes != nil {
				t.Fatalf("refused (%v), but got changes %v and state %s", err, changes, d)
			}
			if _, ok := good(volume, 4); ok && refused.Field == "volume" && market == "btcusd" &&
				refused.Code != exchange.TooSmall && refused.Code != exchange.InsufficientFunds {
				t.Fatalf("volume %q is valid but refused: %v", volume, err)
			}
			return
		}
		digits := map[string][2]int32{"btcusd": {4, 2}, "ethbtc": {2, 5}}[market]
		if want, ok := good(volume, digits[0]); !ok || want.Cmp(got.OriginVolume.Rat()) != 0 {
			t.Fatalf("volume %q: got %s", volume, got.OriginVolume)
		}
		if kind == "market" {
			if price != "" || got.Price.Valid || got.State == exchange.Wait {
				t.Fatalf("price %q at market: %s", price, orderLine(got))
			}
		} else if want, ok := good(price, digits[1]); !ok || !got.Price.Valid || want.Cmp(got.Price.Decimal.Rat()) != 0 {
			t.Fatalf("price %q: got %v", price, got.Price)
		}
		if string(got.Side) != side || !got.OriginVolume.Equal(got.Remaining.Add(got.Executed)) || got.Remaining.IsNegative() {
			t.Fatalf("got %s", orderLine(got))
		}
		received(t, changes...)
		for _, uid := range users() {
			for _, b := range x.Balances(uid) {
				if b.Available.IsNegative() || b.Locked.IsNegative() {
					t.Fatalf("%s: got balance %v", uid, b)
				}
			}
		}
	})
}
