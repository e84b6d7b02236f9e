package amqp

import (
	"encoding/json"

	"ranger/internal/event"
)

// The message types of what nodes write into the stream for each other.
const (
	markerType = "ranger.marker"
	gapType    = "ranger.gap"
)

// recorded tells whether d is a record of this type that a node wrote: only what
// came through the default exchange, straight into the stream, is one. What a
// publisher sends to an exchange never passes for one, whatever it looks like.
func recorded(d *delivery, typ string) bool {
	return len(d.exchange) == 0 && string(d.typ) == typ
}

// marker is the body of a marker.
type marker struct {
	// ID is that of the attempt that sent it, N counts its markers from 1: no
	// other body is like it, so no other check.
	Node string `json:"node"`
	ID   string `json:"id"`
	N    int64  `json:"n"`
	// At is when it was sent, by the node's clock, Unix ms.
	At int64 `json:"at"`
	// Looked is when the node last began to look after exchanges and bindings
	// and found, or made, all well, Unix ms; 0 for not yet.
	Looked int64 `json:"looked,omitempty"`
}

// readMarker returns the marker that d is, and whether it is one.
func readMarker(d *delivery) (marker, bool) {
	if !recorded(d, markerType) {
		return marker{}, false
	}
	var m marker
	ok := json.Unmarshal(d.body, &m) == nil && m.At > 0
	return m, ok
}

// readGap returns the gap record that d is, and whether it is one.
func readGap(d *delivery) (event.Gap, bool) {
	if !recorded(d, gapType) {
		return event.Gap{}, false
	}
	g, err := event.ParseGap(d.body)
	return g, err == nil
}
