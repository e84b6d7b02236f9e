package barong

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"ranger/internal/tools/sandbox/params"
)

// input reads a request's parameters and collects the invalid ones. One goroutine uses
// it.
type input struct {
	given  params.Params
	faults []fault
}

// fault is an invalid parameter: "missing", "empty" or "invalid".
type fault struct{ name, wrong string }

// readInput reads the parameters of a request, or returns a refusal in a dialect.
func readInput(r *http.Request, of dialect) (*input, *Refusal) {
	given, err := params.ReadLenient(r)
	if unread, ok := errors.AsType[*params.Error](err); ok {
		return nil, of.refuse(unread.Status, "server."+string(unread.Code), unreadText(unread))
	}
	return &input{given: given}, nil
}

// unreadText returns Barong 1.8's text for a request that cannot be read.
func unreadText(err *params.Error) string {
	switch err.Code {
	case params.BadQuery:
		return "the query is malformed"
	case params.BadForm:
		return "the form in the body is malformed"
	case params.BadJSON:
		return "the body must be a JSON object"
	case params.UnsupportedType:
		return "Content-Type must be application/json or application/x-www-form-urlencoded"
	case params.BodyTooLarge:
		return "the body is too large: at most " + strconv.Itoa(params.MaxBody) + " bytes"
	default:
		return "the " + err.Error()
	}
}

// required returns the text of a parameter, under the first of the names that is given. A
// missing, blank or non-text parameter is a fault.
func (in *input) required(names ...string) string {
	name, text, wrong := in.find(names)
	if wrong != "" {
		in.addFault(name, wrong)
	}
	return text
}

// optional is required for a parameter that may be missing or blank; it then returns "".
func (in *input) optional(names ...string) string {
	name, text, wrong := in.find(names)
	if wrong == "invalid" {
		in.addFault(name, wrong)
	}
	return text
}

// integer returns a parameter that is a whole number. ok is false if it is missing or
// blank. Anything else is a fault.
func (in *input) integer(names ...string) (n int, ok bool) {
	name, text, wrong := in.find(names)
	if wrong == "missing" || wrong == "empty" {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		in.addFault(name, "invalid")
		return 0, false
	}
	return n, true
}

// find returns the first of the names that is given, or else the first name; its text;
// and what is wrong with it. Only strings and numbers are text.
func (in *input) find(names []string) (name, text, wrong string) {
	for _, name := range names {
		if in.given[name].Kind == params.Null {
			continue
		}
		text, err := in.given.Text(name, params.Number)
		switch {
		case err != nil:
			return name, "", "invalid"
		case strings.TrimSpace(text) == "":
			return name, "", "empty"
		}
		return name, text, ""
	}
	return names[0], "", "missing"
}

func (in *input) addFault(name, wrong string) {
	in.faults = append(in.faults, fault{name, wrong})
}
