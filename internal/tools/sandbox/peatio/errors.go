package peatio

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is an error with the same status and a different form in each version.
type apiError struct {
	status int
	code   int    // for 1.8
	text   string // for 1.8
	name   string // for 2.x
}

// Error returns the text.
func (e *apiError) Error() string { return e.text }

var (
	errNoRoute = &apiError{http.StatusNotFound, codeOther, "there is no such path", "route.not_found"}
	// errUnknownUser is only for 1.8: in 2.x a Refusal writes itself.
	errUnknownUser = &apiError{
		http.StatusUnauthorized, codeAuthorization,
		"Authorization failed: a session token is needed in the header Authorization: Bearer", "",
	}
)

// noOrder returns the error for an id that is no order of the user.
func noOrder(id uint64) error {
	return &apiError{http.StatusNotFound, codeNoOrder, fmt.Sprintf("Order#%d doesn't exist.", id), "record.not_found"}
}

// wrongMethod returns the error for a path that allows other methods.
func wrongMethod(allowed []string) error {
	return &apiError{
		http.StatusMethodNotAllowed, codeOther,
		"the method must be " + strings.Join(allowed, " or "), "server.method_not_allowed",
	}
}
