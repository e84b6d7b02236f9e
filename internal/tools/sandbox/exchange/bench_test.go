package exchange_test

import (
	"fmt"
	"testing"

	"ranger/internal/tools/sandbox/exchange"
)

// An order arrives, another matches it, and the changes are encoded, with other prices
// in the book.
func BenchmarkPlaceAndMatch(b *testing.B) {
	for _, prices := range []int{0, 500} {
		b.Run(fmt.Sprint("prices=", prices), func(b *testing.B) {
			x := newExchange(b, exchange.Config{}, alice, bob)
			x.Deposit(alice, "btc", number("1000"))
			for i := range prices {
				place(b, x, alice, fmt.Sprint("sell 0.001 @ ", 200+i))
				drain(x)
			}
			sell, buy := request(b, "sell 0.1 @ 100"), request(b, "buy 0.1 @ 100")
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range []exchange.Request{sell, buy, buy, sell} {
					uid := alice
					if r.Side == exchange.Buy {
						uid = bob
					}
					if _, err := x.Place(uid, r); err != nil {
						b.Fatal(err)
					}
				}
				for _, c := range drain(x) {
					c.Delivery()
				}
				x.Deposit(alice, "btc", number("0.2"))
				x.Deposit(bob, "usd", number("20"))
			}
		})
	}
}
