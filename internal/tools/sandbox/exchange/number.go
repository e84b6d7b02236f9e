package exchange

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

const (
	maxText   = 32 // longest number in a request, in characters
	maxPower  = 12 // largest number in a request, as a power of ten
	maxDigits = 16 // most decimals that a market may accept
)

// number parses a number of a request: digits, optionally with a point and digits after
// it. It must be above zero, at most ten to maxPower, and have at most that many decimals,
// not counting zeros at the end.
func number(field, text string, digits int32) (decimal.Decimal, error) {
	if text == "" {
		return decimal.Zero, refuse(field, Missing, "it must be given")
	}
	whole, fraction, point := strings.Cut(text, ".")
	if len(text) > maxText || !isDigits(whole) || point && !isDigits(fraction) {
		return decimal.Zero, refuse(field, Invalid, fmt.Sprintf("it must be a plain decimal such as 12.5, of at most %d characters", maxText))
	}
	if fraction = strings.TrimRight(fraction, "0"); len(fraction) > int(digits) {
		return decimal.Zero, refuse(field, TooPrecise, fmt.Sprintf("this market takes at most %d digits behind the point", digits))
	}
	value, err := decimal.NewFromString(whole + "." + fraction)
	switch {
	case err != nil:
		return decimal.Zero, refuse(field, Invalid, "it must be a plain decimal such as 12.5")
	case value.IsZero():
		return decimal.Zero, refuse(field, TooSmall, "it must be more than 0")
	case value.GreaterThan(decimal.New(1, maxPower)):
		return decimal.Zero, refuse(field, TooBig, "it must be at most "+decimal.New(1, maxPower).String())
	}
	return value, nil
}

// isDigits reports whether text consists of ASCII digits and is not empty.
func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// plain formats d as published: without an exponent, with at least one decimal and no
// further zeros at the end.
func plain(d decimal.Decimal) string {
	text := d.String()
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
