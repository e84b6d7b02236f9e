package peatio

import (
	"errors"
	"net/http"
	"time"

	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/params"
)

// Error codes of 1.8 (Peatio 1.8 app/api/api_v2/errors.rb).
const (
	codeParameter     = 1001
	codeOther         = 2000
	codeAuthorization = 2001
	codeCreateOrder   = 2002
	codeCancelOrder   = 2003
	codeNoOrder       = 2004
)

// v18Routes returns the routes of 1.8.
func (a *api) v18Routes() []route {
	const get, post, base = http.MethodGet, http.MethodPost, "/api/v2"
	return []route{
		{method: post, path: base + "/orders", serve: one(a.create, v18Order)},
		{method: get, path: base + "/orders", serve: each(a.orders(exchange.Wait, "asc"), v18Order)},
		{method: get, path: base + "/order", serve: one(a.order, v18FullOrder)},
		{method: post, path: base + "/order/delete", serve: one(a.cancel, v18Order), cancels: true},
		{method: post, path: base + "/orders/clear", serve: each(a.clear, v18Order), cancels: true},
		{method: get, path: base + "/trades/my", serve: each(a.myTrades(true, 50), v18OwnTrade)},
		{method: get, path: base + "/members/me", serve: one(a.member, v18Member)},
		{method: get, path: base + "/trades", serve: each(a.trades(50), v18Trade), public: true},
		{method: get, path: base + "/order_book", serve: one(a.depth("asks_limit", "bids_limit", 20, 200), v18OrderBook), public: true},
		{method: get, path: base + "/depth", serve: one(a.depth("limit", "limit", 300, 1000), v18Depth), public: true},
		{method: get, path: base + "/markets", serve: each(a.markets, v18Market), public: true},
		{method: get, path: base + "/timestamp", serve: one(a.timestamp, func(t time.Time) any { return t.Unix() }), public: true},
	}
}

// v18Error returns an error in the form of 1.8.
func v18Error(rt route, err error) (status int, body any) {
	status, code, text := http.StatusUnprocessableEntity, codeParameter, err.Error()
	if known, ok := errors.AsType[*apiError](err); ok {
		status, code = known.status, known.code
	} else if refused, ok := errors.AsType[*exchange.Error](err); ok {
		status, code, text = v18Refusal(rt, refused)
	} else if unread, ok := errors.AsType[*params.Error](err); ok {
		status = unread.Status
	}
	return status, map[string]any{"error": map[string]any{"code": code, "message": text}}
}

// v18Refusal returns a refusal of the exchange in the form of 1.8.
func v18Refusal(rt route, err *exchange.Error) (status, code int, text string) {
	if err.Code == exchange.Invalid {
		return http.StatusUnprocessableEntity, codeParameter, err.Field + " is invalid: " + err.Text
	}
	status, code, text = http.StatusBadRequest, codeCreateOrder, "Failed to create order. Reason: "+err.Error()
	if rt.cancels {
		code, text = codeCancelOrder, "Failed to cancel order. Reason: "+err.Error()
	}
	if err.Code == exchange.Busy {
		status = http.StatusServiceUnavailable
	}
	return status, code, text
}
