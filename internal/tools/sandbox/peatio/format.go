package peatio

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"ranger/internal/tools/sandbox/exchange"
)

// plain returns a number as Peatio writes it: no exponent, at least one digit behind
// the point and no needless zeros after that one.
func plain(d decimal.Decimal) string {
	text := d.String()
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// price returns an order's price, nil where it has none.
func price(o exchange.Order) *string {
	if !o.Price.Valid {
		return nil
	}
	return new(plain(o.Price.Decimal))
}

// clock returns a time in ISO 8601, UTC, to the second.
func clock(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
