package main

import "github.com/tidwall/gjson"

// trade returns the messages for the seller and the buyer, with the same bytes as
// ranger's. It uses gjson, which is the fastest: encoding/json takes three times as long
// (7 µs per trade) for the fields alone.
func trade(body []byte) (seller, buyer []byte) {
	var public []byte
	var askID, bidID, ask, bid gjson.Result
	gjson.ParseBytes(body).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "id", "price", "volume", "funds", "market", "market_id", "created_at", "trend", "maker_type", "taker_type", "type", "amount", "total":
			public = append(field(public, key, value), ',')
		case "ask_id":
			askID = value
		case "bid_id":
			bidID = value
		case "ask":
			ask = value
		case "bid":
			bid = value
		}
		return true
	})
	return view(public, "ask", askID, ask), view(public, "bid", bidID, bid)
}

// view returns the message for one side.
func view(public []byte, side string, id, own gjson.Result) []byte {
	b := make([]byte, 0, len(public)+len(own.Raw)+80)
	b = append(b, `{"trade":{`...)
	b = append(b, public...)
	b = append(b, `"side":"`...)
	b = append(b, side...)
	b = append(b, '"')
	if id.Exists() {
		b = append(b, `,"order_id":`...)
		b = append(b, id.Raw...)
	}
	if own.Exists() {
		b = append(b, `,"`...)
		b = append(b, side...)
		b = append(b, `":`...)
		b = object(b, own)
	}
	return append(b, "}}"...)
}

// order returns the message for an order's owner.
func order(body []byte) []byte {
	return append(object([]byte(`{"orderbook":`), gjson.ParseBytes(body)), '}')
}

// object appends an order without its owner.
func object(b []byte, order gjson.Result) []byte {
	b = append(b, '{')
	first := true
	order.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "member_uid", "member_id", "uid", "email":
			return true
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = field(b, key, value)
		return true
	})
	return append(b, '}')
}

func field(b []byte, key, value gjson.Result) []byte {
	b = append(b, key.Raw...)
	b = append(b, ':')
	return append(b, value.Raw...)
}
