package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// firstSampleID is the id of a run's first order.
const firstSampleID = 3247

// sampleOrder returns the body of the n-th sample Order, with the fields that Peatio
// documents.
func sampleOrder(n int, market string) []byte {
	return fmt.Appendf(nil, `{"id":%d,"side":"sell","ord_type":"limit","price":"3500.0","avg_price":"0.0","state":"wait","market_id":%s,"created_at":%q,"origin_volume":"0.0331","trades_count":0,"trades":[]}`,
		firstSampleID+n, jsonText(market), sampleTime())
}

// sampleTrade returns the body of the n-th sample Trade, with the orders of both sides.
func sampleTrade(n int, market string) []byte {
	ask, bid, at := firstSampleID+2*n, firstSampleID+2*n+1, sampleTime()
	order := func(id int, side, state, volume string) string {
		return fmt.Sprintf(`{"id":%d,"side":%q,"ord_type":"limit","price":"3500.0","avg_price":"3500.0","state":%q,"market_id":%s,"created_at":%q,"origin_volume":%q,"trades_count":1}`,
			id, side, state, jsonText(market), at, volume)
	}
	return fmt.Appendf(nil, `{"id":%d,"price":"3500.0","volume":"0.0331","funds":"115.85","market_id":%s,"created_at":%q,"ask_id":%d,"bid_id":%d,"ask":%s,"bid":%s}`,
		2435+n, jsonText(market), at, ask, bid, order(ask, "sell", "done", "0.0331"), order(bid, "buy", "wait", "0.5"))
}

// jsonText returns s as a JSON string.
func jsonText(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

func sampleTime() string { return time.Now().UTC().Format(time.RFC3339) }
