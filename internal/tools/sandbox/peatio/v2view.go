package peatio

import (
	"github.com/shopspring/decimal"

	"ranger/internal/tools/sandbox/exchange"
)

// Responses of 2.x (Peatio 2.x docs/api/peatio_user_api_v2.md).

type v2OrderView struct {
	ID              uint64            `json:"id"`
	Side            exchange.Side     `json:"side"`
	Type            exchange.Type     `json:"ord_type"`
	Price           *string           `json:"price"`
	AvgPrice        string            `json:"avg_price"`
	State           exchange.State    `json:"state"`
	Market          exchange.MarketID `json:"market"`
	CreatedAt       string            `json:"created_at"`
	UpdatedAt       string            `json:"updated_at"`
	OriginVolume    string            `json:"origin_volume"`
	RemainingVolume string            `json:"remaining_volume"`
	ExecutedVolume  string            `json:"executed_volume"`
	TradesCount     int               `json:"trades_count"`
}

func v2Order(o exchange.Order) any { return viewV2Order(o) }

func viewV2Order(o exchange.Order) v2OrderView {
	return v2OrderView{
		ID: o.ID, Side: o.Side, Type: o.Type, Price: price(o), AvgPrice: plain(o.AvgPrice), State: o.State,
		Market: o.Market, CreatedAt: clock(o.Created), UpdatedAt: clock(o.Updated),
		OriginVolume: plain(o.OriginVolume), RemainingVolume: plain(o.Remaining), ExecutedVolume: plain(o.Executed),
		TradesCount: o.Trades,
	}
}

func v2FullOrder(o fullOrder) any {
	return struct {
		v2OrderView
		Trades []any `json:"trades"`
	}{viewV2Order(o.Order), showAll(o.trades, v2OwnTrade)}
}

type v2TradeView struct {
	ID        uint64            `json:"id"`
	Price     string            `json:"price"`
	Amount    string            `json:"amount"`
	Total     string            `json:"total"`
	Market    exchange.MarketID `json:"market"`
	CreatedAt string            `json:"created_at"`
	TakerType exchange.Side     `json:"taker_type"`
	Side      exchange.Side     `json:"side,omitempty"`     // only of the user's own trades
	OrderID   uint64            `json:"order_id,omitempty"` // only of the user's own trades
}

func v2Trade(t exchange.Trade) any { return viewV2Trade(t) }

func v2OwnTrade(t ownTrade) any {
	view := viewV2Trade(t.Trade)
	view.Side, view.OrderID = t.own.Side, t.own.ID
	return view
}

func viewV2Trade(t exchange.Trade) v2TradeView {
	return v2TradeView{
		ID: t.ID, Price: plain(t.Price), Amount: plain(t.Volume), Total: plain(t.Funds), Market: t.Market,
		CreatedAt: clock(t.Created), TakerType: t.TakerSide,
	}
}

// v2Depth shows each side from its best price on.
func v2Depth(b orderBook) any {
	pair := func(level exchange.Level) any { return [2]string{plain(level.Price), plain(level.Volume)} }
	return struct {
		Timestamp int64 `json:"timestamp"`
		Asks      []any `json:"asks"`
		Bids      []any `json:"bids"`
	}{b.now.Unix(), showAll(b.asks, pair), showAll(b.bids, pair)}
}

func v2Market(m exchange.Market) any {
	return struct {
		ID              exchange.MarketID `json:"id"`
		Name            string            `json:"name"`
		BaseUnit        exchange.Currency `json:"base_unit"`
		QuoteUnit       exchange.Currency `json:"quote_unit"`
		MinPrice        string            `json:"min_price"`
		MinAmount       string            `json:"min_amount"`
		AmountPrecision int32             `json:"amount_precision"`
		PricePrecision  int32             `json:"price_precision"`
		State           string            `json:"state"`
	}{
		m.ID, marketName(m), m.Base, m.Quote,
		plain(decimal.New(1, -m.PriceDigits)), plain(m.MinVolume), m.VolumeDigits, m.PriceDigits, "enabled",
	}
}

// showBalance shows a balance in the form of both versions.
func showBalance(b exchange.Balance) any {
	return struct {
		Currency exchange.Currency `json:"currency"`
		Balance  string            `json:"balance"` // available amount
		Locked   string            `json:"locked"`
	}{b.Currency, plain(b.Available), plain(b.Locked)}
}
