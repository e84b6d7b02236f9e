package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"ranger/internal/journal"
)

// Options are what a client asks for in addition to its token (docs/protocol.md, "Resuming").
// The first valid token fixes them. The zero value is that of a client that does not
// know them.
type Options struct {
	Resume bool              // the client opts in
	After  *journal.Position // events after it are wanted; nil for those from now on
	Filter Filter
}

// Errors of options. They contain nothing that the client sent, so they can be logged.
var (
	errPosition = errors.New("must be a position, true, false or null")
	errList     = errors.New("must be a JSON array or a comma-separated string")
	errEmpty    = errors.New("must not be empty or have an empty name")
	errUnknown  = errors.New("must be orderbook or trade")
	errEscape   = errors.New("must be percent-encoded")
)

// parseOptions parses the options among the keys of a message.
func parseOptions(keys map[string]json.RawMessage) (Options, error) {
	var o Options
	if err := o.parseResume(keys["resume"]); err != nil {
		return Options{}, fmt.Errorf("resume: %w", err)
	}
	for _, name := range []string{"markets", "events"} {
		list, err := parseList(keys[name])
		if err == nil && list != nil {
			err = o.narrow(name, list)
		}
		if err != nil {
			return Options{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return o, nil
}

func (o *Options) parseResume(value json.RawMessage) error {
	if o.setKeyword(string(value)) {
		return nil
	}
	var position string
	if json.Unmarshal(value, &position) != nil {
		return errPosition
	}
	return o.resumeAfter(position)
}

// setKeyword sets Resume if the value of the key resume is a keyword, and reports whether
// it is one.
func (o *Options) setKeyword(value string) bool {
	o.Resume = value == "true"
	return o.Resume || value == "" || value == "null" || value == "false"
}

func (o *Options) resumeAfter(position string) error {
	after, ok := journal.ParsePosition(position)
	if !ok {
		return errPosition
	}
	o.Resume, o.After = true, &after
	return nil
}

func (o *Options) narrow(name string, list []string) error {
	if name == "markets" {
		return o.Filter.setMarkets(list)
	}
	return o.Filter.setEvents(list)
}

// parseList parses an array of strings, or a comma-separated string. It returns nil if
// the value is absent or null.
func parseList(value json.RawMessage) (list []string, err error) {
	if len(value) == 0 || string(value) == "null" {
		return nil, nil
	}
	if value[0] != '"' {
		if json.Unmarshal(value, &list) != nil {
			return nil, errList
		}
		return list, nil
	}
	var items string
	if json.Unmarshal(value, &items) != nil {
		return nil, errList
	}
	return strings.Split(items, ","), nil
}

// ParseQuery parses the options in the query of an upgrade. If a key is given twice, the
// last counts; unknown keys are ignored.
func ParseQuery(query string) (Options, error) {
	values := make(map[string]string)
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(key); err == nil {
			values[key] = value
		}
	}
	var o Options
	for _, name := range []string{"resume", "markets", "events"} {
		value, has := values[name]
		if !has {
			continue
		}
		value, err := url.QueryUnescape(value)
		if err != nil {
			err = errEscape
		} else {
			err = o.set(name, value)
		}
		if err != nil {
			return Options{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return o, nil
}

func (o *Options) set(name, value string) error {
	if name != "resume" {
		return o.narrow(name, strings.Split(value, ","))
	}
	if o.setKeyword(value) {
		return nil
	}
	return o.resumeAfter(value)
}
