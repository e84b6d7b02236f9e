// Package exchange is the sandbox's small exchange: users' balances, and markets
// whose orders match by price, then by time. It is a toy: everything is in memory,
// there are no fees, and nobody's money is in it.
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

// Market is what can be traded: Base is bought and sold, Quote pays for it.
type Market struct {
	ID           MarketID
	Base, Quote  Currency
	PriceDigits  int32           // digits behind the point that a price may have
	VolumeDigits int32           // digits behind the point that a volume may have
	MinVolume    decimal.Decimal // the least that an order may be for
}

// Side is whether an order buys or sells.
type Side string

// The sides, as Peatio names them.
const (
	Buy  Side = "buy"
	Sell Side = "sell"
)

// Type is how an order is priced.
type Type string

// The types of orders. A market order takes what the book has and ends.
const (
	Limit    Type = "limit"
	AtMarket Type = "market"
)

// State is how far an order is.
type State string

// The states of an order. Wait is open; Done is filled; Cancel ended before it was.
const (
	Wait   State = "wait"
	Done   State = "done"
	Cancel State = "cancel"
)

// Order is a user's order as it stands. It is a copy: it does not change.
type Order struct {
	ID           uint64
	UID          event.UID
	Market       MarketID
	Side         Side
	Type         Type
	Price        decimal.NullDecimal // not valid for a market order
	AvgPrice     decimal.Decimal     // what was paid for one unit so far, rounded down to PriceDigits; 0 before the first trade
	State        State
	OriginVolume decimal.Decimal
	Remaining    decimal.Decimal
	Executed     decimal.Decimal
	Trades       int
	Created      time.Time
	Updated      time.Time
}

// Trade is one match: the maker's order stood in the book, the taker's came.
type Trade struct {
	ID            uint64
	Market        MarketID
	Price, Volume decimal.Decimal
	Funds         decimal.Decimal // Price times Volume
	Created       time.Time
	TakerSide     Side
	Rising        bool  // the price is not below that of the market's trade before
	Ask, Bid      Order // as they stood after it
}

// Change is one thing that happened: exactly one of the two is not nil.
type Change struct {
	Order *Order
	Trade *Trade
}

// Balance is what a user has of a currency.
type Balance struct {
	Currency  Currency
	Available decimal.Decimal // may be spent
	Locked    decimal.Decimal // set aside for open orders
}

// Level is all that stands in a book at one price.
type Level struct {
	Price, Volume decimal.Decimal
}

// Request asks for an order, as text: an exchange reads numbers itself, so that no
// float comes between.
type Request struct {
	Market MarketID
	Side   Side
	Type   Type   // Limit where empty
	Volume string // a plain decimal above zero
	Price  string // for a limit order alone
}
