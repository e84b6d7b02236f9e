package event

import (
	"bytes"

	"ranger/internal/event/scan"
)

// Market returns the market of the event in a socket message: the event's
// `market_id`, or if that is absent or null its `market`, without quotes and escapes.
// It reports false if the event has neither. The result may share memory with
// message; nothing is allocated unless there are escapes.
func Market(message []byte) (market []byte, ok bool) {
	// The event follows the message's only key, which contains no colon.
	_, event, found := bytes.Cut(message, []byte(":"))
	if !found {
		return nil, false
	}
	for name, value := range scan.Members(event) {
		switch {
		case scan.IsNull(value) || !scan.IsScalar(value):
		case string(name) == "market_id":
			return scan.Text(value), true
		case string(name) == "market":
			market, ok = scan.Text(value), true
		}
	}
	return market, ok
}
