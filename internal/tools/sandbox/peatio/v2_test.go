package peatio_test

import (
	"testing"

	"ranger/internal/tools/sandbox/exchange"
)

func TestV2_PlacesCancelsAndListsOrders(t *testing.T) {
	w := newWorld(t, 0)
	const (
		times = `"created_at":"2018-08-20T14:47:19Z","updated_at":"2018-08-20T14:47:19Z"`
		sold  = `{"id":1,"side":"sell","ord_type":"limit","price":"2014.0","avg_price":"0.0","state":"wait","market":"btcusd",` + times +
			`,"origin_volume":"0.5","remaining_volume":"0.5","executed_volume":"0.0","trades_count":0}`
		bought = `{"id":2,"side":"buy","ord_type":"market","price":null,"avg_price":"2014.0","state":"done","market":"btcusd",` + times +
			`,"origin_volume":"0.5","remaining_volume":"0.0","executed_volume":"0.5","trades_count":1`
		trade = `{"id":1,"price":"2014.0","amount":"0.5","total":"1007.0","market":"btcusd","created_at":"2018-08-20T14:47:19Z","taker_type":"buy"`
	)
	orders := v2 + "/market/orders"
	w.want(t, bob, "POST", orders, `{"market":"btcusd","side":"sell","volume":"0.5","price":"2014"}`, 201, sold)
	w.want(t, bob, "GET", orders+"?state=wait", "", 200, "["+sold+"]")
	w.want(t, alice, "POST", orders, `{"market":"btcusd","side":"buy","volume":"0.5","ord_type":"market","price":null}`, 201, bought+"}")
	w.want(t, alice, "POST", orders, `market=btcusd&side=buy&volume=1&price=5`, 201,
		`{"id":3,"side":"buy","ord_type":"limit","price":"5.0","avg_price":"0.0","state":"wait","market":"btcusd",`+times+
			`,"origin_volume":"1.0","remaining_volume":"1.0","executed_volume":"0.0","trades_count":0}`)
	const third = `{"id":3,"side":"buy","ord_type":"limit","price":"5.0","avg_price":"0.0","state":"cancel","market":"btcusd",` + times +
		`,"origin_volume":"1.0","remaining_volume":"1.0","executed_volume":"0.0","trades_count":0}`
	w.want(t, bob, "POST", orders+"/3/cancel", "", 404, `{"errors":["record.not_found"]}`)
	w.want(t, alice, "POST", orders+"/3/cancel", `{"id":2}`, 201, third)
	w.want(t, alice, "GET", orders, "", 200, "["+third+","+bought+"}]")
	w.want(t, alice, "GET", orders+"?order_by=asc&limit=1", "", 200, "["+bought+"}]")
	w.want(t, alice, "GET", orders+"?market=ethbtc", "", 200, "[]")
	w.want(t, alice, "GET", orders+"/2", "", 200, bought+`,"trades":[`+trade+`,"side":"buy","order_id":2}]}`)
	w.want(t, bob, "GET", orders+"/2", "", 404, `{"errors":["record.not_found"]}`)
	w.want(t, alice, "GET", v2+"/market/trades", "", 200, "["+trade+`,"side":"buy","order_id":2}]`)
	w.want(t, bob, "GET", v2+"/market/trades?market=btcusd", "", 200, "["+trade+`,"side":"sell","order_id":1}]`)
	w.want(t, bob, "GET", v2+"/market/trades?market=ethbtc", "", 200, "[]")
	w.want(t, anonymous, "GET", v2+"/public/markets/btcusd/trades", "", 200, "["+trade+"}]")
}

func TestV2_CancelsAllOrdersOfTheUser(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, bob, exchange.Sell, "1", "2014")
	w.place(t, bob, exchange.Buy, "1", "2000")
	const canceled = `[{"id":2,"side":"buy","ord_type":"limit","price":"2000.0","avg_price":"0.0","state":"cancel","market":"btcusd",
		"created_at":"2018-08-20T14:47:19Z","updated_at":"2018-08-20T14:47:19Z",
		"origin_volume":"1.0","remaining_volume":"1.0","executed_volume":"0.0","trades_count":0}]`
	w.want(t, alice, "POST", v2+"/market/orders/cancel", "", 201, "[]")
	w.want(t, bob, "POST", v2+"/market/orders/cancel", "side=buy", 201, canceled)
}

func TestV2_ShowsBalancesOfTheUser(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, alice, exchange.Sell, "0.5", "2014")
	const btc = `{"currency":"btc","balance":"9.5","locked":"0.5"}`
	w.want(t, alice, "GET", v2+"/account/balances", "", 200,
		"["+btc+`,{"currency":"eth","balance":"0.0","locked":"0.0"},{"currency":"usd","balance":"100000.0","locked":"0.0"}]`)
	w.want(t, alice, "GET", v2+"/account/balances/btc", "", 200, btc)
	w.want(t, alice, "GET", v2+"/account/balances/xyz", "", 422, `{"errors":["account.currency.doesnt_exist"]}`)
}

func TestV2_ShowsTheBookToAnyone(t *testing.T) {
	w := newWorld(t, 0)
	w.place(t, bob, exchange.Sell, "0.5", "2016")
	w.place(t, bob, exchange.Sell, "0.5", "2015")
	w.place(t, bob, exchange.Buy, "1", "2014")
	w.want(t, anonymous, "GET", v2+"/public/markets/btcusd/depth", "", 200, `{"timestamp":1534776439,
		"asks":[["2015.0","0.5"],["2016.0","0.5"]],"bids":[["2014.0","1.0"]]}`)
	w.want(t, anonymous, "GET", v2+"/public/markets", "", 200, `[
		{"id":"btcusd","name":"BTC/USD","base_unit":"btc","quote_unit":"usd","min_price":"0.01","min_amount":"0.001","amount_precision":4,"price_precision":2,"state":"enabled"},
		{"id":"ethbtc","name":"ETH/BTC","base_unit":"eth","quote_unit":"btc","min_price":"0.000001","min_amount":"0.0","amount_precision":0,"price_precision":6,"state":"enabled"}]`)
	w.want(t, anonymous, "GET", v2+"/public/timestamp", "", 200, `"2018-08-20T14:47:19Z"`)
}
