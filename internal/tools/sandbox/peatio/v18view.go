package peatio

import (
	"slices"
	"strings"

	"ranger/internal/tools/sandbox/exchange"
)

// Responses of 1.8 (Peatio 1.8 app/api/api_v2/entities).

type v18OrderView struct {
	ID              uint64            `json:"id"`
	Side            exchange.Side     `json:"side"`
	Type            exchange.Type     `json:"ord_type"`
	Price           *string           `json:"price"`
	AvgPrice        string            `json:"avg_price"`
	State           exchange.State    `json:"state"`
	Market          exchange.MarketID `json:"market"`
	CreatedAt       string            `json:"created_at"`
	Volume          string            `json:"volume"` // the original volume
	RemainingVolume string            `json:"remaining_volume"`
	ExecutedVolume  string            `json:"executed_volume"`
	TradesCount     int               `json:"trades_count"`
}

func v18Order(o exchange.Order) any { return viewV18Order(o) }

func viewV18Order(o exchange.Order) v18OrderView {
	return v18OrderView{
		ID: o.ID, Side: o.Side, Type: o.Type, Price: price(o), AvgPrice: plain(o.AvgPrice), State: o.State,
		Market: o.Market, CreatedAt: clock(o.Created), Volume: plain(o.OriginVolume),
		RemainingVolume: plain(o.Remaining), ExecutedVolume: plain(o.Executed), TradesCount: o.Trades,
	}
}

func v18FullOrder(o fullOrder) any {
	return struct {
		v18OrderView
		Trades []any `json:"trades"`
	}{viewV18Order(o.Order), showAll(o.trades, func(t ownTrade) any {
		view := viewV18Trade(t.Trade)
		view.Side = string(o.Side)
		return view
	})}
}

type v18TradeView struct {
	ID        uint64            `json:"id"`
	Price     string            `json:"price"`
	Volume    string            `json:"volume"`
	Funds     string            `json:"funds"`
	Market    exchange.MarketID `json:"market"`
	CreatedAt string            `json:"created_at"`
	MakerType exchange.Side     `json:"maker_type"`
	Type      exchange.Side     `json:"type"`               // the same as maker_type
	Side      string            `json:"side,omitempty"`     // sell or buy within an order, else ask or bid
	OrderID   uint64            `json:"order_id,omitempty"` // only of the user's own trades
}

func v18Trade(t exchange.Trade) any { return viewV18Trade(t) }

func v18OwnTrade(t ownTrade) any {
	view := viewV18Trade(t.Trade)
	view.Side, view.OrderID = "ask", t.own.ID
	if t.own.Side == exchange.Buy {
		view.Side = "bid"
	}
	return view
}

func viewV18Trade(t exchange.Trade) v18TradeView {
	maker := exchange.Buy
	if t.TakerSide == exchange.Buy {
		maker = exchange.Sell
	}
	return v18TradeView{
		ID: t.ID, Price: plain(t.Price), Volume: plain(t.Volume), Funds: plain(t.Funds), Market: t.Market,
		CreatedAt: clock(t.Created), MakerType: maker, Type: maker,
	}
}

// v18OrderBook shows a book as 1.8 does, except that the orders at one price are shown as
// one order without an id, since orders are private.
func v18OrderBook(b orderBook) any {
	side := func(side exchange.Side, levels []exchange.Level) []any {
		return showAll(levels, func(level exchange.Level) any {
			return struct {
				Side            exchange.Side     `json:"side"`
				Type            exchange.Type     `json:"ord_type"`
				Price           string            `json:"price"`
				State           exchange.State    `json:"state"`
				Market          exchange.MarketID `json:"market"`
				RemainingVolume string            `json:"remaining_volume"`
			}{side, exchange.Limit, plain(level.Price), exchange.Wait, b.market, plain(level.Volume)}
		})
	}
	return map[string]any{"asks": side(exchange.Sell, b.asks), "bids": side(exchange.Buy, b.bids)}
}

// v18Depth shows both sides from the highest to the lowest price.
func v18Depth(b orderBook) any {
	slices.Reverse(b.asks)
	return v2Depth(b)
}

func v18Market(m exchange.Market) any {
	return struct {
		ID   exchange.MarketID `json:"id"`
		Name string            `json:"name"`
	}{m.ID, marketName(m)}
}

func v18Member(m member) any {
	return struct {
		SN       string `json:"sn"`
		Accounts []any  `json:"accounts"`
	}{string(m.uid), showAll(m.balances, showBalance)}
}

// marketName returns the display name of a market, such as BTC/USD.
func marketName(m exchange.Market) string {
	return strings.ToUpper(string(m.Base) + "/" + string(m.Quote))
}
