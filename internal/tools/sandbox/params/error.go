package params

// Error is what is wrong with a request, and with which parameter.
type Error struct {
	Status int // for the answer: 400, 413, 415 or 422
	Code   Code
	Field  string // the parameter's name, or "body" or "query" if no parameter is at fault
	Text   string // what is wrong and what is valid, without the name of the field
}

// Error returns the field and the text.
func (e *Error) Error() string { return e.Field + " " + e.Text }

// Code is a kind of error.
type Code string

// The codes.
const (
	BadParameter    Code = "invalid_parameter"
	BadQuery        Code = "invalid_query"
	BadForm         Code = "invalid_form" // in the body
	BadJSON         Code = "invalid_json"
	UnreadableBody  Code = "unreadable_body"
	BodyTooLarge    Code = "body_too_large"
	UnsupportedType Code = "unsupported_content_type"
)
