package peatio

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/params"
)

// request reads the parameters of a request. Each method reads one and notes what is wrong
// with it, so that all faults are reported together.
type request struct {
	uid    event.UID // empty on a public route
	params params.Params
	faults inputError
}

// inputError lists the invalid parameters of a request.
type inputError []fault

// fault is an invalid parameter.
type fault struct {
	field   string
	problem string // as in the error names of 2.x: market.order.<problem>_<field>
	text    string // for humans
}

// doesntExist is the problem of a market or a currency that does not exist.
const doesntExist = "doesnt_exist"

// Error returns all faults in words.
func (e inputError) Error() string {
	texts := make([]string, len(e))
	for i, f := range e {
		texts[i] = f.field + " " + f.text
	}
	return strings.Join(texts, ", ")
}

// err returns the faults found so far, or nil.
func (q *request) err() error {
	if len(q.faults) == 0 {
		return nil
	}
	return q.faults
}

// addFault adds a fault.
func (q *request) addFault(field, problem, text string) {
	q.faults = append(q.faults, fault{field, problem, text})
}

// text returns a parameter, empty if it is missing.
func (q *request) text(name string) string {
	text, err := q.params.Text(name)
	if err != nil {
		q.addFault(name, "non_string", "is invalid: it must be a string")
	}
	return text
}

// required returns a required parameter.
func (q *request) required(name string) string {
	before := len(q.faults)
	text := q.text(name)
	if text == "" && len(q.faults) == before {
		q.addFault(name, "missing", "is missing")
	}
	return text
}

// oneOf checks that a parameter, if given, has one of these values.
func oneOf[T ~string](q *request, name, text string, values ...T) T {
	if text != "" && !slices.Contains(values, T(text)) {
		q.addFault(name, "invalid", "does not have a valid value")
	}
	return T(text)
}

// market returns the parameter market and checks that it exists. It may be missing unless
// needed is set.
func (a *api) market(q *request, needed bool) exchange.MarketID {
	text := q.text
	if needed {
		text = q.required
	}
	id := exchange.MarketID(text("market"))
	if id != "" && !slices.ContainsFunc(a.exchange.Markets(), func(m exchange.Market) bool { return m.ID == id }) {
		q.addFault("market", doesntExist, "does not have a valid value")
	}
	return id
}

// decimal returns a number as written. It may be missing unless needed is set. The exchange
// checks its form.
func (q *request) decimal(name string, needed bool) string {
	text, err := q.params.Text(name, params.Number)
	switch {
	case err != nil:
		q.addFault(name, "non_decimal", "is invalid: it must be a decimal")
	case text == "" && needed:
		q.addFault(name, "missing", "is missing")
	case strings.HasPrefix(text, "-"):
		q.addFault(name, "non_positive", "does not have a valid value: it must be above 0")
	}
	return text
}

// integer returns a parameter from 1 to most, or the default if it is missing. If the
// default is zero, it is required.
func (q *request) integer(name string, byDefault, most int) int {
	text, err := q.params.Text(name, params.Number)
	if err == nil && text == "" {
		if byDefault == 0 {
			q.addFault(name, "missing", "is missing")
		}
		return byDefault
	}
	n, notANumber := strconv.Atoi(text)
	switch {
	case err != nil || errors.Is(notANumber, strconv.ErrSyntax):
		q.addFault(name, "non_integer", "is invalid: it must be an integer")
	case notANumber != nil || n < 1 || n > most:
		q.addFault(name, "invalid", "does not have a valid value: it must be 1 to "+strconv.Itoa(most))
	}
	return n
}

// id returns the required parameter id.
func (q *request) id() uint64 {
	return uint64(max(0, q.integer("id", 0, math.MaxInt)))
}

// listing selects a part of a list and its order.
type listing struct {
	limit, page int
	oldestFirst bool
}

// listing reads the parameters of a list.
func (q *request) listing(limit int, order string) listing {
	wanted := listing{limit: q.integer("limit", limit, 1000), page: q.integer("page", 1, 1_000_000)}
	if given := oneOf(q, "order_by", q.text("order_by"), "asc", "desc"); given != "" {
		order = given
	}
	wanted.oldestFirst = order == "asc"
	return wanted
}

// of returns the selected part of items, which are sorted newest first.
func of[T any](wanted listing, items []T) []T {
	if wanted.oldestFirst {
		slices.Reverse(items)
	}
	before := min((wanted.page-1)*wanted.limit, len(items))
	return items[before:min(before+wanted.limit, len(items))]
}
