package peatio_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// endpoint is a valid request and the values of its parameters.
type endpoint struct {
	method, path string
	public       bool
	good         map[string]string   // valid parameters, as JSON
	fields       map[string][]string // by parameter, invalid values
	needed       []string            // required parameters
}

// body returns the body of the valid request.
func (e endpoint) body() string { return object(e.good) }

// object returns the JSON object of these members.
func object(members map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		pairs = append(pairs, fmt.Sprintf("%q:%s", name, members[name]))
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// endpoints returns a valid request for each route. It needs an order of alice with
// id 1.
func endpoints() []endpoint {
	huge := `"` + strings.Repeat("9", 400) + `"`
	noString := []string{"0", "-1", "1.5", "1e400", "true", "false", "[]", `["btcusd"]`, "{}"}
	name := append(noString, `"x"`, `" "`, `"BTCUSD"`, `"btcusd "`, `"\u0000"`, `"\ud800"`, huge)
	number := []string{
		"true", "false", "[]", "[1]", "{}", `"x"`, `" "`, `"1 "`, `"1e2"`, "1e2", "1e-2", "1e400", `"-1"`, "-1", "-0", "0", `"0.0"`, `"NaN"`, `"Infinity"`,
		`"0x1"`, `"1_0"`, `"+1"`, `"1."`, `".5"`, `"1,5"`, `"1\u0000"`, `"１"`, huge, strings.Trim(huge, `"`), "0." + strings.Repeat("0", 400) + "1",
	}
	integer := []string{
		"true", "[]", "{}", `"x"`, `" "`, `"1 "`, "0", "-1", `"-1"`, "1.5", "1.0", "1e2", "9223372036854775808", "18446744073709551616", huge, strings.Trim(huge, `"`),
	}
	order := map[string][]string{"market": name, "side": name, "ord_type": name, "volume": number, "price": number}
	goodOrder := map[string]string{"market": `"btcusd"`, "side": `"buy"`, "volume": `"0.1"`, "price": `"10"`}
	orderNeeds := []string{"market", "side", "volume", "price"}
	id := map[string][]string{"id": integer}
	goodID, goodMarket := map[string]string{"id": "1"}, map[string]string{"market": `"btcusd"`}
	list := map[string][]string{"market": name, "limit": append(integer, "1001"), "page": append(integer, "1000001"), "order_by": name}
	orders := map[string][]string{"state": name}
	maps.Copy(orders, list)
	clear := map[string][]string{"side": name, "market": name}
	return []endpoint{
		{"POST", v18 + "/orders", false, goodOrder, order, orderNeeds},
		{"GET", v18 + "/orders", false, goodMarket, orders, []string{"market"}},
		{"GET", v18 + "/order", false, goodID, id, []string{"id"}},
		{"POST", v18 + "/order/delete", false, goodID, id, []string{"id"}},
		{"POST", v18 + "/orders/clear", false, nil, clear, nil},
		{"GET", v18 + "/trades/my", false, goodMarket, list, []string{"market"}},
		{"GET", v18 + "/members/me", false, nil, nil, nil},
		{"GET", v18 + "/trades", true, goodMarket, list, []string{"market"}},
		{
			"GET", v18 + "/order_book", true, goodMarket,
			map[string][]string{"market": name, "asks_limit": append(integer, "201"), "bids_limit": append(integer, "201")},
			[]string{"market"},
		},
		{"GET", v18 + "/depth", true, goodMarket, map[string][]string{"market": name, "limit": append(integer, "1001")}, []string{"market"}},
		{"GET", v18 + "/markets", true, nil, nil, nil},
		{"GET", v18 + "/timestamp", true, nil, nil, nil},

		{"GET", v2 + "/account/balances", false, nil, nil, nil},
		{"GET", v2 + "/account/balances/btc", false, nil, nil, nil},
		{"POST", v2 + "/market/orders", false, goodOrder, order, orderNeeds},
		{"GET", v2 + "/market/orders", false, nil, orders, nil},
		{"GET", v2 + "/market/orders/1", false, nil, nil, nil},
		{"POST", v2 + "/market/orders/1/cancel", false, nil, nil, nil},
		{"POST", v2 + "/market/orders/cancel", false, nil, clear, nil},
		{"GET", v2 + "/market/trades", false, goodMarket, list, nil},
		{"GET", v2 + "/public/markets", true, nil, nil, nil},
		{"GET", v2 + "/public/markets/btcusd/depth", true, nil, map[string][]string{"limit": list["limit"]}, nil},
		{"GET", v2 + "/public/markets/btcusd/trades", true, nil, map[string][]string{"limit": list["limit"], "page": list["page"], "order_by": name}, nil},
		{"GET", v2 + "/public/timestamp", true, nil, nil, nil},
	}
}

// Each JSON kind and other values are sent in each parameter of each endpoint, in a body
// and, if possible, in the query.
func TestEndpoints_RefuseInvalidParameters(t *testing.T) {
	for _, e := range endpoints() {
		t.Run(e.method+e.path, func(t *testing.T) {
			w := newWorld(t, 0)
			w.do(t, alice, "POST", v18+"/orders", exampleOrder)
			if answer := w.do(t, alice, e.method, e.path, e.body()); answer.Code >= 300 {
				t.Fatalf("valid request: got %d %s", answer.Code, answer.Body)
			}
			for _, field := range slices.Sorted(maps.Keys(e.fields)) {
				for _, value := range e.fields[field] {
					with := maps.Clone(e.good)
					if with == nil {
						with = map[string]string{}
					}
					with[field] = value
					w.refuses(t, e, field, "", object(with))
					if query, ok := asQuery(with); ok {
						w.refuses(t, e, field, query, "")
						w.refuses(t, e, field, "", query)
					}
				}
			}
			for _, field := range e.needed {
				for _, value := range []string{"", "null", `""`} {
					with := maps.Clone(e.good)
					delete(with, field)
					if value != "" {
						with[field] = value
					}
					w.refuses(t, e, field, "", object(with))
				}
			}
			for _, body := range []string{
				"{", `{"a"}`, `{"a":1}}`, "{}{}", "{\"\xff\":1}", `{"market":"btcusd","market":"btcusd"}`, "%", "a=%f", "%ff=1", "a=1;b=2",
				"{" + strings.Repeat(`"a":[`, 20_000), "{" + strings.Repeat(" ", 64<<10) + "}",
			} {
				w.refuses(t, e, "", "", body)
			}
		})
	}
}

// refuses requires that the response is 4xx with an error that
// names the field.
func (w world) refuses(t *testing.T, e endpoint, field, query, body string) {
	t.Helper()
	path := e.path
	if query != "" {
		path += "?" + query
	}
	answer := w.do(t, alice, e.method, path, body)
	if answer.Code < 400 || answer.Code > 499 {
		t.Errorf("%s %.200s %.200s: got %d %s, want it refused", e.method, path, body, answer.Code, answer.Body)
		return
	}
	if got := errorOf(t, path, answer); !strings.Contains(got, field) {
		t.Errorf("%s %.200s %.200s: got %q, want it to name %q", e.method, path, body, got, field)
	}
}

// asQuery returns the query of these members, or false if one is not a string or
// number.
func asQuery(members map[string]string) (string, bool) {
	query := url.Values{}
	for name, value := range members {
		var text string
		switch {
		case value[0] == '"':
			if json.Unmarshal([]byte(value), &text) != nil {
				return "", false
			}
		case strings.Contains("-0123456789", value[:1]):
			text = value
		default:
			return "", false
		}
		query.Set(name, text)
	}
	return query.Encode(), true
}

func TestEndpoints_RefuseInvalidPathValues(t *testing.T) {
	w := newWorld(t, 0)
	for _, value := range []string{"0", "-1", "1.5", "x", "%20", "%00", "%ff", "18446744073709551616", "null", strings.Repeat("9", 5000)} {
		for _, test := range []struct{ method, path, want string }{
			{"GET", v2 + "/market/orders/" + value, "_id"},
			{"POST", v2 + "/market/orders/" + value + "/cancel", "_id"},
			{"GET", v2 + "/account/balances/" + value, "account.currency.doesnt_exist"},
			{"GET", v2 + "/public/markets/" + value + "/depth", "public.market.doesnt_exist"},
			{"GET", v2 + "/public/markets/" + value + "/trades", "public.market.doesnt_exist"},
		} {
			answer := w.do(t, alice, test.method, test.path, "")
			if got := errorOf(t, test.path, answer); answer.Code != 422 || !strings.Contains(got, test.want) {
				t.Errorf("%s %.100s: got %d %s, want 422 %s", test.method, test.path, answer.Code, got, test.want)
			}
		}
	}
}
