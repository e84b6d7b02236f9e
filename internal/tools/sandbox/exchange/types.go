// Package exchange is the sandbox's toy exchange: users' balances, and markets that match
// orders by price, then by time. Everything is in memory, there are no fees, and the money
// is not real.
package exchange

import (
	"time"

	"github.com/shopspring/decimal"

	"ranger/internal/event"
)

// Currency names a currency, such as btc.
type Currency string

// MarketID names a market, such as btcusd.
type MarketID string

// Market is a market: Base is traded, Quote pays for it.
type Market struct {
	ID           MarketID
	Base, Quote  Currency
	PriceDigits  int32           // most decimals of a price
	VolumeDigits int32           // most decimals of a volume
	MinVolume    decimal.Decimal // smallest volume of an order
}

// Side says whether an order buys or sells.
type Side string

// The sides, as Peatio names them.
const (
	Buy  Side = "buy"
	Sell Side = "sell"
)

// Type is the type of an order.
type Type string

// The types of orders. A market order takes the best prices of the book and ends.
const (
	Limit    Type = "limit"
	AtMarket Type = "market"
)

// State is the state of an order.
type State string

// The states of an order: open, filled, or canceled before it was filled.
const (
	Wait   State = "wait"
	Done   State = "done"
	Cancel State = "cancel"
)

// Order is a snapshot of a user's order.
type Order struct {
	ID           uint64
	UID          event.UID
	Market       MarketID
	Side         Side
	Type         Type
	Price        decimal.NullDecimal // not valid for a market order
	AvgPrice     decimal.Decimal     // average price so far, rounded down to PriceDigits; 0 before the first trade
	State        State
	OriginVolume decimal.Decimal
	Remaining    decimal.Decimal
	Executed     decimal.Decimal
	Trades       int
	Created      time.Time
	Updated      time.Time
}

// Trade is one match: the maker's order was in the book, the taker's arrived.
type Trade struct {
	ID            uint64
	Market        MarketID
	Price, Volume decimal.Decimal
	Funds         decimal.Decimal // Price times Volume
	Created       time.Time
	TakerSide     Side
	Rising        bool  // the price is not below that of the market's previous trade
	Ask, Bid      Order // after the trade
}

// Change is a change on the exchange: exactly one field is not nil.
type Change struct {
	Order *Order
	Trade *Trade
}

// Balance is a user's balance in a currency.
type Balance struct {
	Currency  Currency
	Available decimal.Decimal // may be spent
	Locked    decimal.Decimal // locked for open orders
}

// Level is the total volume of a book at one price.
type Level struct {
	Price, Volume decimal.Decimal
}

// Request is the request for an order. Its numbers are text, so that they are never
// converted to a float.
type Request struct {
	Market MarketID
	Side   Side
	Type   Type   // empty: Limit
	Volume string // a plain decimal above zero
	Price  string // only for a limit order
}
