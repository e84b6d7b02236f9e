package hub

import (
	"encoding/json"
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

// parseTerms reads the terms from the keys of a message. It reports false for
// what it does not understand.
func parseTerms(keys map[string]json.RawMessage) (t terms, ok bool) {
	markets, ok1 := parseList(keys["markets"])
	events, ok2 := parseList(keys["events"])
	ok = t.parseResume(keys["resume"]) && ok1 && ok2 &&
		(markets == nil || t.filter.setMarkets(markets)) && (events == nil || t.filter.setEvents(events))
	return t, ok
}

func (t *terms) parseResume(value json.RawMessage) bool {
	switch string(value) {
	case "", "null", "false":
		return true
	case "true":
		t.resume = true
		return true
	}
	var position string
	return json.Unmarshal(value, &position) == nil && t.resumeAfter(position)
}

func (t *terms) resumeAfter(position string) bool {
	after, ok := journal.ParsePosition(position)
	t.resume, t.after = true, &after
	return ok
}

// parseList reads an array of strings, or a string that is a comma list. It
// returns nil for what is absent or null.
func parseList(value json.RawMessage) (list []string, ok bool) {
	if len(value) == 0 || string(value) == "null" {
		return nil, true
	}
	if value[0] != '"' {
		return list, json.Unmarshal(value, &list) == nil
	}
	var items string
	if json.Unmarshal(value, &items) != nil {
		return nil, false
	}
	return strings.Split(items, ","), true
}

// queryTerms reads the terms from the query of an upgrade. Of a key that is
// there twice the last counts; other keys are let pass, whatever they are.
func queryTerms(query string) (t terms, ok bool) {
	values := make(map[string]string)
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if key, err := url.QueryUnescape(key); err == nil {
			values[key] = value
		}
	}
	for _, name := range []string{"resume", "markets", "events"} {
		value, there := values[name]
		if !there {
			continue
		}
		value, err := url.QueryUnescape(value)
		if err != nil || !t.set(name, value) {
			return terms{}, false
		}
	}
	return t, true
}

func (t *terms) set(name, value string) bool {
	switch name {
	case "markets":
		return t.filter.setMarkets(strings.Split(value, ","))
	case "events":
		return t.filter.setEvents(strings.Split(value, ","))
	}
	switch value {
	case "", "null", "false":
		return true
	case "true":
		t.resume = true
		return true
	default:
		return t.resumeAfter(value)
	}
}
