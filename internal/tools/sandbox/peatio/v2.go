package peatio

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/params"
)

// v2Base is the prefix of all paths of 2.x.
const v2Base = "/api/v2/peatio"

// v2Routes returns the routes of 2.x.
func (a *api) v2Routes() []route {
	const (
		get, post     = http.MethodGet, http.MethodPost
		account       = v2Base + "/account"
		orders        = v2Base + "/market/orders"
		markets       = v2Base + "/public/markets"
		accountModule = "account.balance"
		orderModule   = "market.order"
	)
	return []route{
		{method: get, path: account + "/balances", serve: each(a.balances, showBalance), module: accountModule},
		{method: get, path: account + "/balances/{currency}", serve: one(a.balance, showBalance), module: accountModule},
		{method: post, path: orders, serve: one(a.create, v2Order), module: orderModule},
		{method: get, path: orders, serve: each(a.orders("", "desc"), v2Order), module: orderModule},
		{method: get, path: orders + "/{id}", serve: one(a.order, v2FullOrder), module: orderModule},
		{method: post, path: orders + "/{id}/cancel", serve: one(a.cancel, v2Order), module: orderModule, cancels: true},
		{method: post, path: orders + "/cancel", serve: each(a.clear, v2Order), module: orderModule, cancels: true},
		{method: get, path: v2Base + "/market/trades", serve: each(a.myTrades(false, 100), v2OwnTrade), module: "market.trade"},
		{method: get, path: markets, serve: each(a.markets, v2Market), module: "public.market", public: true},
		{method: get, path: markets + "/{market}/depth", serve: one(a.depth("limit", "limit", 300, 1000), v2Depth), module: "public.market_depth", public: true},
		{method: get, path: markets + "/{market}/trades", serve: each(a.trades(100), v2Trade), module: "public.trade", public: true},
		{
			method: get, path: v2Base + "/public/timestamp", module: "public.timestamp", public: true,
			serve: one(a.timestamp, func(t time.Time) any { return clock(t) }),
		},
	}
}

// v2Error returns an error in the form of 2.x: names (Peatio 2.x docs/api/errors.md).
func v2Error(rt route, err error) (status int, body any) {
	status = http.StatusUnprocessableEntity
	var names []string
	if faults, ok := errors.AsType[inputError](err); ok {
		for _, f := range faults {
			names = append(names, faultName(rt.module, f.problem, f.field))
		}
	} else if known, ok := errors.AsType[*apiError](err); ok {
		status, names = known.status, []string{known.name}
	} else if refused, ok := errors.AsType[*exchange.Error](err); ok {
		var name string
		status, name = v2Refusal(rt, refused)
		names = []string{name}
	} else if unread, ok := errors.AsType[*params.Error](err); ok {
		status, names = unread.Status, []string{paramsName(rt.module, unread)}
	}
	return status, map[string]any{"errors": names}
}

// faultName returns the error name of an invalid parameter.
func faultName(module, problem, field string) string {
	if problem == doesntExist {
		part, _, _ := strings.Cut(module, ".")
		return part + "." + field + "." + doesntExist
	}
	return module + "." + problem + "_" + field
}

// paramsName returns the error name of a request that cannot be read.
func paramsName(module string, err *params.Error) string {
	switch err.Field {
	case "body":
		return "server.method.invalid_message_body"
	case "query":
		return "server.method.invalid_query"
	default:
		return faultName(module, "invalid", err.Field)
	}
}

// v2Refusal returns a refusal of the exchange in the form of 2.x.
func v2Refusal(rt route, err *exchange.Error) (status int, name string) {
	status = http.StatusUnprocessableEntity
	switch err.Code {
	case exchange.NotFound:
		return http.StatusNotFound, "record.not_found"
	case exchange.Invalid, exchange.Missing:
		return status, "market.order.non_decimal_" + err.Field // the other fields were checked before
	case exchange.TooPrecise, exchange.TooSmall, exchange.TooBig:
		return status, "market.order.invalid_volume_or_price"
	case exchange.InsufficientFunds:
		return status, "market.account.insufficient_balance"
	case exchange.InsufficientLiquidity:
		return status, "market.order.insufficient_market_liquidity"
	case exchange.Busy:
		status = http.StatusServiceUnavailable
	case exchange.TooMany:
	}
	if rt.cancels {
		return status, "market.order.cancel_error"
	}
	return status, "market.order.create_error"
}
