package barong

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"ranger/internal/tools/sandbox/params"
)

// input is a request's parameters. What is asked for and is not as it must be is kept
// as a fault. For one goroutine.
type input struct {
	given  params.Params
	faults []fault
}

// fault is what is wrong with a parameter: "missing", "empty" or "invalid".
type fault struct{ name, wrong string }

// readInput reads the parameters of a request, or says in a dialect why it cannot.
func readInput(r *http.Request, of dialect) (*input, *Refusal) {
	given, err := params.ReadLenient(r)
	if unread, ok := errors.AsType[*params.Error](err); ok {
		return nil, of.refuse(unread.Status, "server."+string(unread.Code), unreadText(unread))
	}
	return &input{given: given}, nil
}

// unreadText returns what Barong 1.8 says of a request that cannot be read.
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

// required returns a parameter's text, under the first of these names that is there.
// It is a fault when it is not there, blank, or no text.
func (in *input) required(names ...string) string {
	name, text, wrong := in.find(names)
	if wrong != "" {
		in.blame(name, wrong)
	}
	return text
}

// optional returns a parameter's text as required does, and "" where it is not there
// or blank.
func (in *input) optional(names ...string) string {
	name, text, wrong := in.find(names)
	if wrong == "invalid" {
		in.blame(name, wrong)
	}
	return text
}

// integer returns a parameter that is a whole number, and is not ok where it is not
// there or blank. It is a fault when it is something else.
func (in *input) integer(names ...string) (n int, ok bool) {
	name, text, wrong := in.find(names)
	if wrong == "missing" || wrong == "empty" {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		in.blame(name, "invalid")
		return 0, false
	}
	return n, true
}

// find returns the first of these parameters that is there, the name that it bears,
// which otherwise is the first, and what is wrong with it. Only a string or a number
// is text.
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

func (in *input) blame(name, wrong string) {
	in.faults = append(in.faults, fault{name, wrong})
}
