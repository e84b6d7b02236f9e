package exchange

import "github.com/shopspring/decimal"

// fill is the match of an order with an order in the book.
type fill struct {
	maker  *order
	volume decimal.Decimal
}

// take returns the matches of an order with this ladder: best price first, at one price
// the oldest order first. It changes nothing.
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

// needs returns the amount that an order with these matches locks.
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

// maxChanges returns the largest number of changes of an order with these matches: the
// order itself, a trade and two orders per match, and the cancellation of a market order's
// rest.
func maxChanges(o *order, fills []fill) int {
	n := 1 + 3*len(fills)
	if o.Type == AtMarket {
		n++
	}
	return n
}

// matchLocked executes one match of a taker at the maker's price.
func (x *Exchange) matchLocked(taker *order, f fill) {
	b, maker, price := taker.book, f.maker, f.maker.Price.Decimal
	funds := price.Mul(f.volume)
	ask, bid := maker, taker
	if taker.Side == Sell {
		ask, bid = taker, maker
	}
	aside := funds // locked by the buyer for this volume
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
	x.addChangesLocked(Change{Trade: new(*t)}, Change{Order: new(maker.Order)}, Change{Order: new(taker.Order)})
}

// settle moves the money of a match: of the locked amount the order pays a part and gets
// the rest back.
func (o *order) settle(aside, paid, got decimal.Decimal) {
	o.locked = o.locked.Sub(aside)
	from := o.pays()
	from.unlock(aside.Sub(paid))
	from.spend(paid)
	o.gets().receive(got)
}

// fill records a match, and ends the order if nothing remains.
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

// rises reports whether a trade at that price is not below the last one.
func (b *book) rises(price decimal.Decimal) bool {
	n := len(b.trades.items)
	return n == 0 || price.GreaterThanOrEqual(b.trades.items[n-1].Price)
}
