package exchange

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

const (
	maxText   = 32 // characters of a number in a request
	maxPower  = 12 // a number in a request is at most ten to this
	maxDigits = 16 // digits behind the point that a market may take
)

// number reads a number of a request: digits, or digits, a point and digits; above
// zero, at most ten to maxPower, and with at most that many digits behind the point,
// zeros at the end aside.
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

// isDigits reports whether text is one ASCII digit or more and nothing else.
func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// plain returns d as it is published: no exponent, at least one digit behind the
// point and no needless zeros behind that one.
func plain(d decimal.Decimal) string {
	text := d.String()
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
