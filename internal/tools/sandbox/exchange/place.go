package exchange

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"ranger/internal/event"
)

// Place takes an order: it matches what it can and, if it is a limit order, stands
// in the book with the rest. It returns the order as it then is. Every error is an
// *Error, and leaves all as it was.
//
// A limit order to buy locks its price times its volume, and a better price gives
// back at once what it saved. An order to sell locks its volume. A market order to
// buy locks what its matches cost. A market order takes what the book has; its rest
// is cancelled. Users may trade with themselves.
func (x *Exchange) Place(uid event.UID, r Request) (Order, error) {
	b, asked, err := x.read(r)
	if err != nil {
		return Order{}, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	o := &order{Order: asked, owner: x.users[uid], book: b}
	fills := b.against(o.Side).take(o)
	if o.Type == AtMarket && len(fills) == 0 {
		return Order{}, refuse("volume", InsufficientLiquidity, "no order stands in the book that it could match")
	}
	need := o.needs(fills)
	// Nothing below this changes anything until nothing can be refused any more.
	switch {
	case o.owner == nil || o.pays().available.LessThan(need):
		return Order{}, refuse("volume", InsufficientFunds, fmt.Sprintf("it needs %s %s, and less is available", plain(need), b.paid(o.Side)))
	case o.Type == Limit && o.owner.open >= x.open:
		return Order{}, refuse("", TooMany, fmt.Sprintf("there are %d open orders: cancel one first", x.open))
	}
	if err := x.roomLocked(mayTell(o, fills)); err != nil {
		return Order{}, err
	}

	x.lastOrder++
	o.ID, o.UID, o.Created = x.lastOrder, uid, x.now()
	o.Updated = o.Created
	o.pays().lock(need)
	o.locked = need
	o.begin()
	x.tellLocked(Change{Order: new(o.Order)})
	for _, f := range fills {
		x.matchLocked(o, f)
	}
	switch {
	case o.State == Done:
	case o.Type == Limit:
		b.of(o.Side).add(o)
	default:
		x.cancelLocked(o)
	}
	return o.Order, nil
}

// read returns the book of a request and the order that it asks for, which is
// nobody's yet. Users and books are not looked at.
func (x *Exchange) read(r Request) (*book, Order, error) {
	b := x.books[r.Market]
	switch {
	case r.Market == "":
		return nil, Order{}, refuse("market", Missing, "it must be one of "+x.names())
	case b == nil:
		return nil, Order{}, refuse("market", NotFound, "there is none of that name: it must be one of "+x.names())
	case r.Side == "":
		return nil, Order{}, refuse("side", Missing, "it must be buy or sell")
	case r.Side != Buy && r.Side != Sell:
		return nil, Order{}, refuse("side", Invalid, "it must be buy or sell")
	case r.Type != "" && r.Type != Limit && r.Type != AtMarket:
		return nil, Order{}, refuse("ord_type", Invalid, "it must be limit or market")
	}
	volume, err := number("volume", r.Volume, b.VolumeDigits)
	if err != nil {
		return nil, Order{}, err
	}
	if volume.LessThan(b.MinVolume) {
		return nil, Order{}, refuse("volume", TooSmall, "it must be at least "+plain(b.MinVolume))
	}
	o := Order{Market: b.ID, Side: r.Side, Type: r.Type, State: Wait, OriginVolume: volume, Remaining: volume}
	if r.Type == AtMarket {
		if r.Price != "" {
			return nil, Order{}, refuse("price", Invalid, "a market order has none: leave it out")
		}
		return b, o, nil
	}
	price, err := number("price", r.Price, b.PriceDigits)
	if err != nil {
		return nil, Order{}, err
	}
	o.Type, o.Price = Limit, decimal.NewNullDecimal(price)
	return b, o, nil
}

// names returns the ids of the markets.
func (x *Exchange) names() string {
	names := make([]string, len(x.markets))
	for i, m := range x.markets {
		names[i] = string(m.ID)
	}
	return strings.Join(names, ", ")
}

// paid returns the currency that an order of a side is paid with.
func (m Market) paid(s Side) Currency {
	if s == Sell {
		return m.Base
	}
	return m.Quote
}
