package peatio

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"ranger/internal/tools/sandbox/exchange"
)

// plain formats a number as Peatio does: without an exponent, with at least one decimal and
// no further zeros at the end.
func plain(d decimal.Decimal) string {
	text := d.String()
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// price returns an order's price, or nil if it has none.
func price(o exchange.Order) *string {
	if !o.Price.Valid {
		return nil
	}
	return new(plain(o.Price.Decimal))
}

// clock formats a time in ISO 8601, UTC, to the second.
func clock(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
