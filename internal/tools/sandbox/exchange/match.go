package exchange

import "github.com/shopspring/decimal"

// fill is a match to come: how much of an order in the book is taken.
type fill struct {
	maker  *order
	volume decimal.Decimal
}

// take returns what an order is to match with here, in the order of the matches:
// the best price first, of one price the oldest order first. It changes nothing.
func (l *ladder) take(o *order) []fill {
	var fills []fill
	rest := o.Remaining
	for _, at := range l.levels {
		if o.Type == Limit && l.compare(at.price, o.Price.Decimal) > 0 {
			return fills
		}
		for _, maker := range at.orders {
			volume := decimal.Min(rest, maker.Remaining)
			fills = append(fills, fill{maker: maker, volume: volume})
			if rest = rest.Sub(volume); rest.IsZero() {
				return fills
			}
		}
	}
	return fills
}

// needs returns what an order with these matches must lock of the account that pays.
func (o *order) needs(fills []fill) decimal.Decimal {
	switch {
	case o.Side == Sell:
		return o.OriginVolume
	case o.Type == Limit:
		return o.Price.Decimal.Mul(o.OriginVolume)
	}
	var cost decimal.Decimal
	for _, f := range fills {
		cost = cost.Add(f.maker.Price.Decimal.Mul(f.volume))
	}
	return cost
}

// mayTell returns how many changes an order with these matches makes at most: that
// it is there, a trade and both orders for each match, and the end of a market
// order's rest.
func mayTell(o *order, fills []fill) int {
	n := 1 + 3*len(fills)
	if o.Type == AtMarket {
		n++
	}
	return n
}

// matchLocked carries out one match of a taker, at the maker's price.
func (x *Exchange) matchLocked(taker *order, f fill) {
	b, maker, price := taker.book, f.maker, f.maker.Price.Decimal
	funds := price.Mul(f.volume)
	ask, bid := maker, taker
	if taker.Side == Sell {
		ask, bid = taker, maker
	}
	aside := funds // by the buyer, for this volume
	if bid.Type == Limit {
		aside = bid.Price.Decimal.Mul(f.volume)
	}
	ask.settle(f.volume, f.volume, funds)
	bid.settle(aside, funds, f.volume)
	for _, o := range []*order{maker, taker} {
		o.fill(f.volume, funds)
		o.Updated = taker.Created
	}
	if maker.State == Done {
		b.of(maker.Side).remove(maker)
	}

	x.lastTrade++
	t := &Trade{
		ID: x.lastTrade, Market: b.ID, Price: price, Volume: f.volume, Funds: funds,
		Created: taker.Created, TakerSide: taker.Side, Rising: b.rises(price),
		Ask: ask.Order, Bid: bid.Order,
	}
	b.trades.add(t)
	maker.owner.trades.add(t)
	if taker.owner != maker.owner {
		taker.owner.trades.add(t)
	}
	x.tellLocked(Change{Trade: new(*t)}, Change{Order: new(maker.Order)}, Change{Order: new(taker.Order)})
}

// settle moves the money of a match: of what was set aside for it, the order pays a
// part and gets the rest back.
func (o *order) settle(aside, paid, got decimal.Decimal) {
	o.locked = o.locked.Sub(aside)
	from := o.pays()
	from.unlock(aside.Sub(paid))
	from.spend(paid)
	o.gets().receive(got)
}

// fill counts a match, and ends the order where that was its last.
func (o *order) fill(volume, funds decimal.Decimal) {
	o.Remaining = o.Remaining.Sub(volume)
	o.Executed = o.Executed.Add(volume)
	o.funds = o.funds.Add(funds)
	o.AvgPrice, _ = o.funds.QuoRem(o.Executed, o.book.PriceDigits) // rounds towards zero
	o.Trades++
	if o.Remaining.IsZero() {
		o.end(Done)
	}
}

// rises reports whether a trade at that price would not be below the last.
func (b *book) rises(price decimal.Decimal) bool {
	n := len(b.trades.items)
	return n == 0 || price.GreaterThanOrEqual(b.trades.items[n-1].Price)
}
