package exchange

import (
	"encoding/json"
	"time"

	"ranger/internal/event"
)

// Delivery returns the message that Peatio publishes for a change: an order for its owner,
// or a trade for both sides.
func (c Change) Delivery() event.Delivery {
	if c.Order != nil {
		o := c.Order
		m := newOrderMessage(*o)
		m.RemainingVolume, m.ExecutedVolume = plain(o.Remaining), plain(o.Executed)
		return delivery(event.Order, map[string]any{"member_uid": string(o.UID)}, m)
	}
	t := c.Trade
	return delivery(event.Trade, map[string]any{
		"market":         string(t.Market),
		"ask_member_uid": string(t.Ask.UID),
		"bid_member_uid": string(t.Bid.UID),
	}, newTradeMessage(*t))
}

func delivery(kind event.Kind, headers map[string]any, message any) event.Delivery {
	body, _ := json.Marshal(message) // numbers and strings always marshal
	return event.Delivery{Kind: kind, Headers: headers, Body: body}
}

// orderMessage is an order as published, on its own or within a trade.
type orderMessage struct {
	ID              uint64    `json:"id"`
	Side            Side      `json:"side"`
	Type            Type      `json:"ord_type"`
	Price           *string   `json:"price"` // null for a market order
	AvgPrice        string    `json:"avg_price"`
	State           State     `json:"state"`
	Market          MarketID  `json:"market_id"`
	Created         string    `json:"created_at"`
	OriginVolume    string    `json:"origin_volume"`
	RemainingVolume string    `json:"remaining_volume,omitempty"` // only on its own
	ExecutedVolume  string    `json:"executed_volume,omitempty"`  // only on its own
	Trades          int       `json:"trades_count"`
	Owner           event.UID `json:"member_uid,omitempty"` // only within a trade
}

func newOrderMessage(o Order) orderMessage {
	m := orderMessage{
		ID: o.ID, Side: o.Side, Type: o.Type, AvgPrice: plain(o.AvgPrice), State: o.State, Market: o.Market,
		Created: clock(o.Created), OriginVolume: plain(o.OriginVolume), Trades: o.Trades,
	}
	if o.Price.Valid {
		m.Price = new(plain(o.Price.Decimal))
	}
	return m
}

// tradeMessage is a trade as published.
type tradeMessage struct {
	ID        uint64       `json:"id"`
	Price     string       `json:"price"`
	Volume    string       `json:"volume"`
	Funds     string       `json:"funds"`
	Market    MarketID     `json:"market_id"`
	Created   string       `json:"created_at"`
	Trend     string       `json:"trend"`
	MakerType Side         `json:"maker_type"`
	TakerType Side         `json:"taker_type"`
	AskID     uint64       `json:"ask_id"`
	BidID     uint64       `json:"bid_id"`
	Ask       orderMessage `json:"ask"`
	Bid       orderMessage `json:"bid"`
}

func newTradeMessage(t Trade) tradeMessage {
	m := tradeMessage{
		ID: t.ID, Price: plain(t.Price), Volume: plain(t.Volume), Funds: plain(t.Funds), Market: t.Market,
		Created: clock(t.Created), Trend: "down", MakerType: Buy, TakerType: t.TakerSide,
		AskID: t.Ask.ID, BidID: t.Bid.ID, Ask: newOrderMessage(t.Ask), Bid: newOrderMessage(t.Bid),
	}
	if t.TakerSide == Buy {
		m.MakerType = Sell
	}
	if t.Rising {
		m.Trend = "up"
	}
	m.Ask.Owner, m.Bid.Owner = t.Ask.UID, t.Bid.UID
	return m
}

// clock formats a time as published.
func clock(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
