package exchange

// Code says what is wrong with a request.
type Code string

// The codes.
const (
	// Missing: the field is empty and must not be.
	Missing Code = "missing"
	// Invalid: the field is not of its form, or has no place in such a request.
	Invalid Code = "invalid"
	// NotFound: there is no such market, or the user has no such order.
	NotFound Code = "not_found"
	// TooPrecise: a number has more digits behind the point than the market takes.
	TooPrecise Code = "too_precise"
	// TooSmall: a number is zero, or a volume is below the market's least.
	TooSmall Code = "too_small"
	// TooBig: a number is above the bound, or the order would match with more
	// others than one may.
	TooBig Code = "too_big"
	// InsufficientFunds: the user has less available than the order needs.
	InsufficientFunds Code = "insufficient_funds"
	// InsufficientLiquidity: nothing stands in the book that a market order could
	// take.
	InsufficientLiquidity Code = "insufficient_liquidity"
	// TooMany: the user has as many open orders as one may have.
	TooMany Code = "too_many"
	// Busy: too many changes wait to be published. The same request may be good
	// later.
	Busy Code = "busy"
)

// Error says why a request was refused. Nothing was changed by it.
type Error struct {
	// Field is market, side, ord_type, volume, price or id. It is empty where no
	// field is at fault: TooMany and Busy.
	Field string
	Code  Code
	// Text says what is wrong and what to do, for people.
	Text string
}

// Error returns the field and the text.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Text
	}
	return e.Field + ": " + e.Text
}

// refuse returns an *Error.
func refuse(field string, code Code, text string) error {
	return &Error{Field: field, Code: code, Text: text}
}
