package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"ranger/internal/journal"
)

// terms are what a client asks of its socket beside its token (docs/protocol.md,
// "Resuming"). The first good token fixes them. The zero terms are those of a
// client that knows nothing of them.
type terms struct {
	resume bool              // it opts in
	after  *journal.Position // from where on; nil for now
	filter filter
}

// What is wrong with terms. It says nothing that the client sent, so that it may
// be logged.
var (
	errPosition = errors.New("neither a position nor true, false or null")
	errList     = errors.New("no list of names")
	errEmpty    = errors.New("an empty list or name")
	errUnknown  = errors.New("a name that is no event's")
	errEscape   = errors.New("a bad escape")
)

// parseTerms reads the terms from the keys of a message. It is an error where it
// does not understand one.
func parseTerms(keys map[string]json.RawMessage) (terms, error) {
	var t terms
	if err := t.parseResume(keys["resume"]); err != nil {
		return terms{}, fmt.Errorf("resume: %w", err)
	}
	for _, name := range []string{"markets", "events"} {
		list, err := parseList(keys[name])
		if err == nil && list != nil {
			err = t.narrow(name, list)
		}
		if err != nil {
			return terms{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return t, nil
}

func (t *terms) parseResume(value json.RawMessage) error {
	switch string(value) {
	case "", "null", "false":
		return nil
	case "true":
		t.resume = true
		return nil
	}
	var position string
	if json.Unmarshal(value, &position) != nil {
		return errPosition
	}
	return t.resumeAfter(position)
}

func (t *terms) resumeAfter(position string) error {
	after, ok := journal.ParsePosition(position)
	if !ok {
		return errPosition
	}
	t.resume, t.after = true, &after
	return nil
}

func (t *terms) narrow(name string, list []string) error {
	if name == "markets" {
		return t.filter.setMarkets(list)
	}
	return t.filter.setEvents(list)
}

// parseList reads an array of strings, or a string that is a comma list. It
// returns nil for what is absent or null.
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

// queryTerms reads the terms from the query of an upgrade. Of a key that is
// there twice the last counts; other keys are let pass, whatever they are.
func queryTerms(query string) (terms, error) {
	values := make(map[string]string)
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(key); err == nil {
			values[key] = value
		}
	}
	var t terms
	for _, name := range []string{"resume", "markets", "events"} {
		value, there := values[name]
		if !there {
			continue
		}
		value, err := url.QueryUnescape(value)
		if err != nil {
			err = errEscape
		} else {
			err = t.set(name, value)
		}
		if err != nil {
			return terms{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return t, nil
}

func (t *terms) set(name, value string) error {
	if name != "resume" {
		return t.narrow(name, strings.Split(value, ","))
	}
	switch value {
	case "", "null", "false":
		return nil
	case "true":
		t.resume = true
		return nil
	default:
		return t.resumeAfter(value)
	}
}

// termsRefused logs what is wrong with a client's terms: the answer does not say.
func (h *Hub) termsRefused(ctx context.Context, err error, peer netip.AddrPort) {
	if suppressed, ok := h.terms.Allow(logInterval); ok {
		h.log.InfoContext(ctx, "a client's resume, markets or events were refused", "error", err, "peer", peer, "suppressed", suppressed)
	}
}
