// Package params reads the parameters of a request from a JSON object, a form or the
// query. A value keeps its text as written, so that no number is converted to a float.
package params

import (
	"net/http"
	"slices"
)

// Kind is the JSON kind of a value. All values of forms and queries are String.
type Kind uint8

// The kinds. Null is also the kind of a missing parameter.
const (
	Null Kind = iota
	String
	Number
	Bool
	Array
	Object
)

// Value is the value of a parameter. Text is the content of a string without quotes and
// escapes, empty for null, and the JSON as written for other kinds: 0.10 stays 0.10.
type Value struct {
	Kind Kind
	Text string
}

// Params are the parameters of a request by name, all valid UTF-8.
type Params map[string]Value

// Read returns the parameters of r: those of the query and those of its body, which is a
// JSON object or a form. The Content-Type and the first byte tell which, since curl -d
// sends JSON as a form. An empty body needs no Content-Type. A name may be given only
// once. Every error is an *Error.
func Read(r *http.Request) (Params, error) {
	return (&reader{given: Params{}}).read(r)
}

// ReadLenient is Read with fewer refusals, as in Rack: of a name that is given more than
// once the last value counts, the body's after the query's, and invalid UTF-8 is
// replaced. No error is about a single parameter.
func ReadLenient(r *http.Request) (Params, error) {
	return (&reader{given: Params{}, lenient: true}).read(r)
}

// Text returns the text of a parameter that is a string or of one of the other accepted
// kinds; empty if it is missing or null. The error is an *Error with status 422.
func (p Params) Text(name string, accepted ...Kind) (string, error) {
	value := p[name]
	if value.Kind == Null || value.Kind == String || slices.Contains(accepted, value.Kind) {
		return value.Text, nil
	}
	return "", &Error{http.StatusUnprocessableEntity, BadParameter, name, "is " + value.Kind.article() + ": that is the wrong kind of value"}
}

// article returns the kind with its article.
func (k Kind) article() string {
	switch k {
	case String:
		return "a string"
	case Number:
		return "a number"
	case Bool:
		return "true or false"
	case Array:
		return "an array"
	case Object:
		return "an object"
	default:
		return "null"
	}
}
