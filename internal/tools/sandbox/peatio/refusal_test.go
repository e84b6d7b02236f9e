package peatio_test

import (
	"strings"
	"testing"

	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/params"
)

// The same invalid orders are sent to both versions.
func TestCreateOrder_RefusesInTheFormOfEachVersion(t *testing.T) {
	for _, test := range []struct {
		name, body string
		status18   int
		code       string
		message    string
		status2    int
		names      string
	}{
		{
			"nothing given", `{}`, 422, "1001", "market is missing, side is missing, volume is missing, price is missing",
			422, `"market.order.missing_market","market.order.missing_side","market.order.missing_volume","market.order.missing_price"`,
		},
		{
			"all wrong", `{"market":"x","side":"x","ord_type":"x","volume":[],"price":"-1"}`, 422, "1001",
			"market does not have a valid value, side does not have a valid value, ord_type does not have a valid value, " +
				"volume is invalid: it must be a decimal, price does not have a valid value: it must be above 0", 422,
			`"market.market.doesnt_exist","market.order.invalid_side","market.order.invalid_ord_type","market.order.non_decimal_volume","market.order.non_positive_price"`,
		},
		{
			"the wrong kinds", `{"market":1,"side":true,"ord_type":[],"volume":{},"price":"1"}`, 422, "1001",
			"market is invalid: it must be a string, side is invalid: it must be a string, ord_type is invalid: it must be a string, " +
				"volume is invalid: it must be a decimal", 422,
			`"market.order.non_string_market","market.order.non_string_side","market.order.non_string_ord_type","market.order.non_decimal_volume"`,
		},
		{
			"not a number", `{"market":"btcusd","side":"buy","volume":"x","price":"1"}`, 422, "1001",
			"volume is invalid: it must be a plain decimal such as 12.5, of at most 32 characters", 422, `"market.order.non_decimal_volume"`,
		},
		{
			"too precise", `{"market":"btcusd","side":"buy","volume":"1","price":"1.001"}`, 400, "2002",
			"Failed to create order. Reason: price: this market takes at most 2 digits behind the point", 422, `"market.order.invalid_volume_or_price"`,
		},
		{
			"too small", `{"market":"btcusd","side":"buy","volume":"0.0009","price":"1"}`, 400, "2002",
			"Failed to create order. Reason: volume: it must be at least 0.001", 422, `"market.order.invalid_volume_or_price"`,
		},
		{
			"too big", `{"market":"btcusd","side":"buy","volume":1,"price":9999999999999}`, 400, "2002",
			"Failed to create order. Reason: price: it must be at most 1000000000000", 422, `"market.order.invalid_volume_or_price"`,
		},
		{
			"too dear", `{"market":"btcusd","side":"buy","volume":"1","price":"100000.01"}`, 400, "2002",
			"Failed to create order. Reason: volume: it needs 100000.01 usd, but less is available", 422, `"market.account.insufficient_balance"`,
		},
		{
			"an empty book", `{"market":"btcusd","side":"buy","volume":"1","ord_type":"market"}`, 400, "2002",
			"Failed to create order. Reason: volume: the book has no order to match it", 422, `"market.order.insufficient_market_liquidity"`,
		},
		{
			"a market order with a price", `{"market":"btcusd","side":"buy","volume":"1","ord_type":"market","price":"1"}`, 422, "1001",
			"price must be left out of a market order", 422, `"market.order.market_order_price"`,
		},
		{
			"a name twice", `{"market":"btcusd","market":"btcusd"}`, 400, "1001", "market is given more than once", 400, `"market.order.invalid_market"`,
		},
		{"not JSON", `{"market"`, 400, "1001", "body is not a JSON object", 400, `"server.method.invalid_message_body"`},
		{"not a form", `market=%`, 400, "1001", "body is not a form: names and values are joined by = and \\u0026, and escaped by %", 400, `"server.method.invalid_message_body"`},
		{
			"too long", `{` + strings.Repeat(" ", params.MaxBody) + `}`, 413, "1001", "body is longer than 65536 bytes",
			413, `"server.method.invalid_message_body"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 0)
			w.want(t, alice, "POST", v18+"/orders", test.body, test.status18, `{"error":{"code":`+test.code+`,"message":"`+test.message+`"}}`)
			w.want(t, alice, "POST", v2+"/market/orders", test.body, test.status2, `{"errors":[`+test.names+`]}`)
			if orders := w.exchange.Orders(alice, exchange.Query{}); len(orders) > 0 {
				t.Errorf("got an order: %+v", orders)
			}
		})
	}
	w := newWorld(t, 0)
	w.want(t, anonymous, "GET", v18+"/markets?a=%zz", "", 400, `{"error":{"code":1001,"message":"query is not a form: names and values are joined by = and \u0026, and escaped by %"}}`)
	w.want(t, anonymous, "GET", v2+"/public/markets?a=%zz", "", 400, `{"errors":["server.method.invalid_query"]}`)
}

func TestEndpoints_ReplyRetryAfterWhileQueueIsFull(t *testing.T) {
	w := newWorld(t, 1)
	w.place(t, alice, exchange.Buy, "1", "1")
	for _, test := range []struct{ path, body, want string }{
		{v18 + "/orders", exampleOrder, `{"error":{"code":2002,"message":"Failed to create order. Reason: `},
		{v18 + "/order/delete", `{"id":1}`, `{"error":{"code":2003,"message":"Failed to cancel order. Reason: `},
		{v2 + "/market/orders", exampleOrder, `{"errors":["market.order.create_error"]}`},
		{v2 + "/market/orders/1/cancel", "", `{"errors":["market.order.cancel_error"]}`},
	} {
		answer := w.do(t, alice, "POST", test.path, test.body)
		if got := answer.Body.String(); answer.Code != 503 || answer.Header().Get("Retry-After") == "" || !strings.HasPrefix(got, test.want) {
			t.Errorf("POST %s: got %d, Retry-After %q, %s, want 503 %s", test.path, answer.Code, answer.Header().Get("Retry-After"), got, test.want)
		}
	}
}

func TestEndpoints_RequireUserUnlessPublic(t *testing.T) {
	w := newWorld(t, 0)
	for _, e := range endpoints() {
		answer := w.do(t, anonymous, e.method, e.path, e.body())
		switch {
		case e.public:
			if answer.Code != 200 {
				t.Errorf("%s %s: got %d %s, want 200 without authentication", e.method, e.path, answer.Code, answer.Body)
			}
		case answer.Code != 401:
			t.Errorf("%s %s: got %d %s, want 401", e.method, e.path, answer.Code, answer.Body)
		case strings.HasPrefix(e.path, v2) && answer.Body.String() != `{"errors":["authz.invalid_session"]}`:
			t.Errorf("%s %s: got %s, want the text of the refusal", e.method, e.path, answer.Body)
		case !strings.HasPrefix(e.path, v2) && !strings.HasPrefix(answer.Body.String(), `{"error":{"code":2001,"message":"Authorization failed`):
			t.Errorf("%s %s: got %s, want code 2001", e.method, e.path, answer.Body)
		}
	}
}

func TestEndpoints_UnknownPathIsNotFound(t *testing.T) {
	w := newWorld(t, 0)
	for _, path := range []string{"/", "/api", v18, v18 + "/", v18 + "/order/", v18 + "/orders/1", v18 + "/Orders", v18 + "/peatio"} {
		w.want(t, alice, "GET", path, "", 404, `{"error":{"code":2000,"message":"there is no such path"}}`)
	}
	for _, path := range []string{"/", "/orders", "/market/orders/1/2", "/market/orders/", "/account/balances/", "/public/markets/btcusd"} {
		w.want(t, alice, "POST", v2+path, "", 404, `{"errors":["route.not_found"]}`)
	}
}

func TestEndpoints_AllowOnlyTheirMethods(t *testing.T) {
	w := newWorld(t, 0)
	allowed := map[string]string{}
	for _, e := range endpoints() {
		allowed[e.path] = "GET"
		switch {
		case strings.HasSuffix(e.path, "/orders"):
			allowed[e.path] = "GET, POST"
		case e.method == "POST":
			allowed[e.path] = "POST"
		}
	}
	for path, methods := range allowed {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"} {
			answer := w.do(t, alice, method, path, "")
			if strings.Contains(methods, strings.Replace(method, "HEAD", "GET", 1)) {
				if answer.Code == 405 {
					t.Errorf("%s %s: got 405, want it allowed", method, path)
				}
				continue
			}
			if answer.Code != 405 || answer.Header().Get("Allow") != methods {
				t.Errorf("%s %s: got %d, Allow %q, want 405, %q", method, path, answer.Code, answer.Header().Get("Allow"), methods)
			}
			errorOf(t, path, answer)
		}
	}
}
