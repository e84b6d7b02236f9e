package peatio_test

import (
	"testing"

	"ranger/internal/tools/sandbox/exchange"
)

// exampleOrder is the order in Barong's documentation of API keys, step "create order".
const exampleOrder = `{"market":"btcusd", "side":"buy", "volume":"12.5", "price":"2014"}`

func TestV18_PlacesOrderInEveryForm(t *testing.T) {
	const placed = `{"id":1,"side":"buy","ord_type":"limit","price":"2014.0","avg_price":"0.0","state":"wait","market":"btcusd",
		"created_at":"2018-08-20T14:47:19Z","volume":"12.5","remaining_volume":"12.5","executed_volume":"0.0","trades_count":0}`
	for _, test := range []struct{ name, query, body string }{
		{"JSON", "", exampleOrder},
		{"JSON with numbers", "", `{"market":"btcusd","side":"buy","volume":12.50,"price":2014.0,"ord_type":"limit"}`},
		{"a form", "", `market=btcusd&side=buy&volume=12.5&price=2014`},
		{"the query", "?market=btcusd&side=buy&volume=12.5&price=2014", ""},
		{"some of each", "?market=btcusd&side=buy", `{"volume":"12.5","price":2014,"ord_type":null,"more":{}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			newWorld(t, 0).want(t, alice, "POST", v18+"/orders"+test.query, test.body, 201, placed)
		})
	}
}

// A float would change this volume.
func TestV18_NumbersReachTheExchangeAsWritten(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, bob, exchange.Sell, "0.3", "0.1")
	answer := w.do(t, alice, "POST", v18+"/orders", `{"market":"btcusd","side":"buy","volume":0.1000000000000000000000,"price":0.1}`)
	if answer.Code != 201 {
		t.Fatalf("got %d %s", answer.Code, answer.Body)
	}
	w.want(t, alice, "GET", v18+"/trades?market=btcusd", "", 200, `[{"id":1,"price":"0.1","volume":"0.1","funds":"0.01","market":"btcusd",
		"created_at":"2018-08-20T14:47:19Z","maker_type":"sell","type":"sell"}]`)
	w.want(t, alice, "POST", v18+"/orders", `{"market":"btcusd","side":"buy","volume":0.10000000000000000000001,"price":0.1}`, 400,
		`{"error":{"code":2002,"message":"Failed to create order. Reason: volume: this market takes at most 4 digits behind the point"}}`)
	w.want(t, alice, "POST", v18+"/orders", `{"market":"btcusd","side":"buy","volume":1e2,"price":0.1}`, 422,
		`{"error":{"code":1001,"message":"volume is invalid: it must be a plain decimal such as 12.5, of at most 32 characters"}}`)
}

func TestV18_ListsOrdersAndTradesOfTheUser(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, bob, exchange.Sell, "0.5", "2014")
	w.place(t, alice, exchange.Buy, "0.2", "2015.5")
	w.place(t, bob, exchange.Sell, "1", "2016")
	w.place(t, bob, exchange.Sell, "1", "2017")
	const (
		first = `{"id":1,"side":"sell","ord_type":"limit","price":"2014.0","avg_price":"2014.0","state":"wait","market":"btcusd",
			"created_at":"2018-08-20T14:47:19Z","volume":"0.5","remaining_volume":"0.3","executed_volume":"0.2","trades_count":1`
		third = `{"id":3,"side":"sell","ord_type":"limit","price":"2016.0","avg_price":"0.0","state":"wait","market":"btcusd",
			"created_at":"2018-08-20T14:47:19Z","volume":"1.0","remaining_volume":"1.0","executed_volume":"0.0","trades_count":0}`
		fourth = `{"id":4,"side":"sell","ord_type":"limit","price":"2017.0","avg_price":"0.0","state":"wait","market":"btcusd",
			"created_at":"2018-08-20T14:47:19Z","volume":"1.0","remaining_volume":"1.0","executed_volume":"0.0","trades_count":0}`
		bought = `{"id":2,"side":"buy","ord_type":"limit","price":"2015.5","avg_price":"2014.0","state":"done","market":"btcusd",
			"created_at":"2018-08-20T14:47:19Z","volume":"0.2","remaining_volume":"0.0","executed_volume":"0.2","trades_count":1`
		trade = `{"id":1,"price":"2014.0","volume":"0.2","funds":"402.8","market":"btcusd",
			"created_at":"2018-08-20T14:47:19Z","maker_type":"sell","type":"sell"`
	)
	orders := v18 + "/orders?market=btcusd"
	w.want(t, bob, "GET", orders, "", 200, "["+first+"},"+third+","+fourth+"]")
	w.want(t, bob, "GET", orders+"&order_by=desc&limit=2", "", 200, "["+fourth+","+third+"]")
	w.want(t, bob, "GET", orders+"&limit=2&page=2", "", 200, "["+fourth+"]")
	w.want(t, bob, "GET", orders+"&limit=2&page=3", "", 200, "[]")
	w.want(t, bob, "GET", orders+"&limit=1000&page=1000000", "", 200, "[]")
	w.want(t, bob, "GET", orders+"&state=done", "", 200, "[]")
	w.want(t, bob, "GET", v18+"/orders?market=ethbtc", "", 200, "[]")
	w.want(t, alice, "GET", orders, "", 200, "[]")
	w.want(t, alice, "GET", orders+"&state=done", "", 200, "["+bought+"}]")
	w.want(t, "IDUNKNOWN", "GET", orders, "", 200, "[]")

	w.want(t, alice, "GET", v18+"/order?id=2", "", 200, bought+`,"trades":[`+trade+`,"side":"buy"}]}`)
	w.want(t, bob, "GET", v18+"/order?id=1", "", 200, first+`,"trades":[`+trade+`,"side":"sell"}]}`)
	w.want(t, bob, "GET", v18+"/order?id=2", "", 404, `{"error":{"code":2004,"message":"Order#2 doesn't exist."}}`)

	w.want(t, alice, "GET", v18+"/trades/my?market=btcusd", "", 200, "["+trade+`,"side":"bid","order_id":2}]`)
	w.want(t, bob, "GET", v18+"/trades/my?market=btcusd", "", 200, "["+trade+`,"side":"ask","order_id":1}]`)
	w.want(t, bob, "GET", v18+"/trades/my?market=btcusd&page=2", "", 200, "[]")
	w.want(t, "IDUNKNOWN", "GET", v18+"/trades/my?market=btcusd", "", 200, "[]")
	w.want(t, anonymous, "GET", v18+"/trades?market=btcusd", "", 200, "["+trade+"}]")
	w.want(t, anonymous, "GET", v18+"/trades?market=ethbtc", "", 200, "[]")
}

func TestV18_CancelsOnlyOrdersOfTheUser(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, bob, exchange.Sell, "0.5", "2014")
	w.place(t, bob, exchange.Buy, "0.5", "2000")
	w.place(t, bob, exchange.Buy, "0.5", "1999")
	canceled := func(id, side, price string) string {
		return `{"id":` + id + `,"side":"` + side + `","ord_type":"limit","price":"` + price + `","avg_price":"0.0","state":"cancel","market":"btcusd",
			"created_at":"2018-08-20T14:47:19Z","volume":"0.5","remaining_volume":"0.5","executed_volume":"0.0","trades_count":0}`
	}
	w.want(t, alice, "POST", v18+"/order/delete", `{"id":1}`, 400, `{"error":{"code":2003,"message":"Failed to cancel order. Reason: id: there is no such order"}}`)
	w.want(t, bob, "POST", v18+"/order/delete", `{"id":1}`, 201, canceled("1", "sell", "2014.0"))
	w.want(t, bob, "POST", v18+"/order/delete", "id=1", 201, canceled("1", "sell", "2014.0"))
	w.want(t, bob, "POST", v18+"/orders/clear", `{"side":"sell"}`, 201, "[]")
	w.want(t, bob, "POST", v18+"/orders/clear", `{"market":"ethbtc"}`, 201, "[]")
	w.want(t, bob, "POST", v18+"/orders/clear", "", 201, "["+canceled("2", "buy", "2000.0")+","+canceled("3", "buy", "1999.0")+"]")
}

func TestV18_ShowsTheBookToAnyone(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, bob, exchange.Sell, "0.5", "2016")
	w.place(t, bob, exchange.Sell, "0.5", "2015")
	w.place(t, alice, exchange.Sell, "0.25", "2015")
	w.place(t, bob, exchange.Buy, "1", "2013")
	w.place(t, bob, exchange.Buy, "1", "2014")
	level := func(side, price, volume string) string {
		return `{"side":"` + side + `","ord_type":"limit","price":"` + price + `","state":"wait","market":"btcusd","remaining_volume":"` + volume + `"}`
	}
	w.want(t, anonymous, "GET", v18+"/depth?market=btcusd", "", 200, `{"timestamp":1534776439,
		"asks":[["2016.0","0.5"],["2015.0","0.75"]],"bids":[["2014.0","1.0"],["2013.0","1.0"]]}`)
	w.want(t, anonymous, "GET", v18+"/depth?market=btcusd&limit=1", "", 200, `{"timestamp":1534776439,"asks":[["2015.0","0.75"]],"bids":[["2014.0","1.0"]]}`)
	w.want(t, anonymous, "GET", v18+"/depth?market=ethbtc", "", 200, `{"timestamp":1534776439,"asks":[],"bids":[]}`)
	w.want(t, anonymous, "GET", v18+"/order_book?market=btcusd", "", 200, `{"asks":[`+level("sell", "2015.0", "0.75")+`,`+level("sell", "2016.0", "0.5")+`],
		"bids":[`+level("buy", "2014.0", "1.0")+`,`+level("buy", "2013.0", "1.0")+`]}`)
	w.want(t, anonymous, "GET", v18+"/order_book?market=btcusd&asks_limit=1&bids_limit=2", "", 200, `{"asks":[`+level("sell", "2015.0", "0.75")+`],
		"bids":[`+level("buy", "2014.0", "1.0")+`,`+level("buy", "2013.0", "1.0")+`]}`)
	w.want(t, anonymous, "GET", v18+"/markets", "", 200, `[{"id":"btcusd","name":"BTC/USD"},{"id":"ethbtc","name":"ETH/BTC"}]`)
	w.want(t, anonymous, "GET", v18+"/timestamp", "", 200, "1534776439")
}

func TestV18_ShowsBalancesOfTheUser(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, alice, exchange.Buy, "0.5", "2014")
	w.want(t, alice, "GET", v18+"/members/me", "", 200, `{"sn":"IDALICE00001","accounts":[{"currency":"btc","balance":"10.0","locked":"0.0"},
		{"currency":"eth","balance":"0.0","locked":"0.0"},{"currency":"usd","balance":"98993.0","locked":"1007.0"}]}`)
}
