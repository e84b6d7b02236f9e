package exchange

// Code is a kind of invalid request.
type Code string

// The codes.
const (
	// Missing: the field is required and empty.
	Missing Code = "missing"
	// Invalid: the field has the wrong form, or is not allowed in this request.
	Invalid Code = "invalid"
	// NotFound: the market does not exist, or the user has no such order.
	NotFound Code = "not_found"
	// TooPrecise: a number has more decimals than the market accepts.
	TooPrecise Code = "too_precise"
	// TooSmall: a number is zero, or a volume is below the market's minimum.
	TooSmall Code = "too_small"
	// TooBig: a number is above the limit, or the order would match with too many
	// others.
	TooBig Code = "too_big"
	// InsufficientFunds: the user has less available than the order needs.
	InsufficientFunds Code = "insufficient_funds"
	// InsufficientLiquidity: the book is empty on the side that a market order takes.
	InsufficientLiquidity Code = "insufficient_liquidity"
	// TooMany: the user has reached the limit of open orders.
	TooMany Code = "too_many"
	// Busy: the queue of changes is full. The same request may succeed later.
	Busy Code = "busy"
)

// Error is the refusal of a request. A refused request changes nothing.
type Error struct {
	// Field is market, side, ord_type, volume, price or id, or empty if no field is
	// wrong: TooMany and Busy.
	Field string
	Code  Code
	// Text says what is wrong and what to do.
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
