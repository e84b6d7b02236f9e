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

// request is one request while it is read. Each of its methods reads a parameter,
// and notes what is wrong with it, so that all of them are told at once.
type request struct {
	uid    event.UID // empty on a public route
	params params.Params
	faults inputError
}

// inputError is what is wrong with the parameters of a request.
type inputError []fault

// fault is what is wrong with one parameter.
type fault struct {
	field   string
	problem string // as in the names of 2.x: market.order.<problem>_<field>
	text    string // for people
}

// doesntExist is the problem with the name of a market or a currency that there is
// none of.
const doesntExist = "doesnt_exist"

// Error returns what is wrong with each parameter.
func (e inputError) Error() string {
	texts := make([]string, len(e))
	for i, f := range e {
		texts[i] = f.field + " " + f.text
	}
	return strings.Join(texts, ", ")
}

// err returns the faults found so far, nil where there are none.
func (q *request) err() error {
	if len(q.faults) == 0 {
		return nil
	}
	return q.faults
}

// blame notes a fault.
func (q *request) blame(field, problem, text string) {
	q.faults = append(q.faults, fault{field, problem, text})
}

// text returns a parameter, empty where it is not given.
func (q *request) text(name string) string {
	text, err := q.params.Text(name)
	if err != nil {
		q.blame(name, "non_string", "is invalid: it must be a string")
	}
	return text
}

// required returns a parameter that must be given.
func (q *request) required(name string) string {
	before := len(q.faults)
	text := q.text(name)
	if text == "" && len(q.faults) == before {
		q.blame(name, "missing", "is missing")
	}
	return text
}

// among checks that a parameter, where it is given, has one of these values.
func among[T ~string](q *request, name, text string, values ...T) T {
	if text != "" && !slices.Contains(values, T(text)) {
		q.blame(name, "invalid", "does not have a valid value")
	}
	return T(text)
}

// market returns the parameter market as it is, or blames it where no market is
// called that. It may be left out where needed is false.
func (a *api) market(q *request, needed bool) exchange.MarketID {
	text := q.text
	if needed {
		text = q.required
	}
	id := exchange.MarketID(text("market"))
	if id != "" && !slices.ContainsFunc(a.exchange.Markets(), func(m exchange.Market) bool { return m.ID == id }) {
		q.blame("market", doesntExist, "does not have a valid value")
	}
	return id
}

// decimal returns a number as it is written, which may be left out where needed is
// false. Its form is the exchange's to check.
func (q *request) decimal(name string, needed bool) string {
	text, err := q.params.Text(name, params.Number)
	switch {
	case err != nil:
		q.blame(name, "non_decimal", "is invalid: it must be a decimal")
	case text == "" && needed:
		q.blame(name, "missing", "is missing")
	case strings.HasPrefix(text, "-"):
		q.blame(name, "non_positive", "does not have a valid value: it must be above 0")
	}
	return text
}

// integer returns a parameter that is at least 1 and at most most, and the default
// where it is not given. Without a default, zero, it must be given.
func (q *request) integer(name string, byDefault, most int) int {
	text, err := q.params.Text(name, params.Number)
	if err == nil && text == "" {
		if byDefault == 0 {
			q.blame(name, "missing", "is missing")
		}
		return byDefault
	}
	n, notANumber := strconv.Atoi(text)
	switch {
	case err != nil || errors.Is(notANumber, strconv.ErrSyntax):
		q.blame(name, "non_integer", "is invalid: it must be an integer")
	case notANumber != nil || n < 1 || n > most:
		q.blame(name, "invalid", "does not have a valid value: it must be 1 to "+strconv.Itoa(most))
	}
	return n
}

// id returns the parameter id, which must be given.
func (q *request) id() uint64 {
	return uint64(max(0, q.integer("id", 0, math.MaxInt)))
}

// listing is which part of a list is wanted, and in what order.
type listing struct {
	limit, page int
	oldestFirst bool
}

// listing returns what is wanted of a list.
func (q *request) listing(limit int, order string) listing {
	wanted := listing{limit: q.integer("limit", limit, 1000), page: q.integer("page", 1, 1_000_000)}
	if given := among(q, "order_by", q.text("order_by"), "asc", "desc"); given != "" {
		order = given
	}
	wanted.oldestFirst = order == "asc"
	return wanted
}

// of returns the wanted part of items, of which the newest is the first.
func of[T any](wanted listing, items []T) []T {
	if wanted.oldestFirst {
		slices.Reverse(items)
	}
	before := min((wanted.page-1)*wanted.limit, len(items))
	return items[before:min(before+wanted.limit, len(items))]
}
