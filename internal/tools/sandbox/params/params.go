// Package params reads the parameters of a request, wherever its client put them:
// a JSON object, a form, or the query. A value is its text as it was written, so
// that no number goes through a float.
package params

import (
	"net/http"
	"slices"
)

// Kind is the JSON kind of a value. All values of forms and queries are String.
type Kind uint8

// The kinds. Null is also what was not given at all.
const (
	Null Kind = iota
	String
	Number
	Bool
	Array
	Object
)

// Value is what was given for a name. Text is a string's content without its quotes
// and escapes, nothing for null, and every other kind's JSON as it was written: 0.10
// stays 0.10.
type Value struct {
	Kind Kind
	Text string
}

// Params are the parameters of one request by name, each of them valid UTF-8.
type Params map[string]Value

// Read returns the parameters of r: those of the query and those of its body, a JSON
// object or a form. Which of the two is told by the Content-Type, and by the first
// byte: with curl's -d JSON comes as a form. Nothing is expected of an empty body. A
// name may be given once in all. Every error is an *Error.
func Read(r *http.Request) (Params, error) {
	return (&reader{given: Params{}}).read(r)
}

// ReadLenient returns what Read does, and refuses fewer requests, as Rack does: of a
// name that is given more than once the last value counts, the body's after the
// query's, and bytes that are not UTF-8 are replaced. No error is about one
// parameter.
func ReadLenient(r *http.Request) (Params, error) {
	return (&reader{given: Params{}, lenient: true}).read(r)
}

// Text returns the text of what was given for name: a string, or one of the other
// kinds that the caller takes too. It is empty where nothing or null was given. The
// error is an *Error with status 422.
func (p Params) Text(name string, too ...Kind) (string, error) {
	value := p[name]
	if value.Kind == Null || value.Kind == String || slices.Contains(too, value.Kind) {
		return value.Text, nil
	}
	return "", &Error{http.StatusUnprocessableEntity, BadParameter, name, "is " + value.Kind.article() + ": that is the wrong kind of value"}
}

// article returns the kind's name behind its article.
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
