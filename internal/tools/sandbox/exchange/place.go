package exchange

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"ranger/internal/event"
)

// Place places an order: it matches as much as possible, and the rest of a limit order
// enters the book. It returns the resulting order. Every error is an *Error and leaves
// everything unchanged.
//
// A limit buy order locks its price times its volume and unlocks at once what a better
// price saves. A sell order locks its volume. A market buy order locks the cost of its
// matches. The rest of a market order is canceled. Users may trade with themselves.
func (x *Exchange) Place(uid event.UID, r Request) (Order, error) {
	b, asked, err := x.parse(r)
	if err != nil {
		return Order{}, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	o := &order{Order: asked, owner: x.users[uid], book: b}
	fills := b.against(o.Side).take(o)
	if o.Type == AtMarket && len(fills) == 0 {
		return Order{}, refuse("volume", InsufficientLiquidity, "the book has no order to match it")
	}
	need := o.needs(fills)
	// Nothing changes until all checks have passed.
	switch {
	case o.owner == nil || o.pays().available.LessThan(need):
		return Order{}, refuse("volume", InsufficientFunds, fmt.Sprintf("it needs %s %s, but less is available", plain(need), b.paid(o.Side)))
	case o.Type == Limit && o.owner.open >= x.open:
		return Order{}, refuse("", TooMany, fmt.Sprintf("there are %d open orders: cancel one first", x.open))
	}
	if err := x.roomLocked(maxChanges(o, fills)); err != nil {
		return Order{}, err
	}

	x.lastOrder++
	o.ID, o.UID, o.Created = x.lastOrder, uid, x.now()
	o.Updated = o.Created
	o.pays().lock(need)
	o.locked = need
	o.begin()
	x.addChangesLocked(Change{Order: new(o.Order)})
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

// parse returns the book of a request and its order without an owner. It does not look
// at users or orders.
func (x *Exchange) parse(r Request) (*book, Order, error) {
	b := x.books[r.Market]
	switch {
	case r.Market == "":
		return nil, Order{}, refuse("market", Missing, "it must be one of "+x.names())
	case b == nil:
		return nil, Order{}, refuse("market", NotFound, "unknown market: it must be one of "+x.names())
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
			return nil, Order{}, refuse("price", Invalid, "must be left out of a market order")
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

// paid returns the currency that pays an order of a side.
func (m Market) paid(s Side) Currency {
	if s == Sell {
		return m.Base
	}
	return m.Quote
}
