// Package control is about the records that ranger's nodes write into the stream
// for each other: markers and gaps. A record goes through the default exchange
// straight into the stream, so what a publisher sends to an exchange never passes
// for one.
package control

import (
	"encoding/json"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/event"
)

// The message types of records.
const (
	MarkerType = "ranger.marker"
	GapType    = "ranger.gap"
)

// Marker contains the time of the node that wrote it. When that node gets it back
// from the stream, it has read everything before it.
type Marker struct {
	// Node is the node that wrote it.
	Node string `json:"node"`
	// ID is that of the Writer, N counts its markers from 1. So no two markers have
	// the same body, nor the same check.
	ID string `json:"id"`
	N  int64  `json:"n"`
	// At is when it was sent by the node's clock, Unix ms.
	At int64 `json:"at"`
	// Checked is when the node last began to check exchanges and bindings and found,
	// or made, everything in order, Unix ms; 0 for not yet.
	Checked int64 `json:"looked,omitempty"`
}

// ParseMarker returns the marker that d contains, and whether it is one.
func ParseMarker(d *frame.Delivery) (Marker, bool) {
	if !isRecord(d, MarkerType) {
		return Marker{}, false
	}
	var m Marker
	ok := json.Unmarshal(d.Body, &m) == nil && m.At > 0
	return m, ok
}

// ParseGap returns the gap that d contains, and whether it is a gap record.
func ParseGap(d *frame.Delivery) (event.Gap, bool) {
	if !isRecord(d, GapType) {
		return event.Gap{}, false
	}
	g, err := event.ParseGap(d.Body)
	return g, err == nil
}

func isRecord(d *frame.Delivery, typ string) bool {
	return len(d.Exchange) == 0 && string(d.Type) == typ
}

// RecordType returns the type of the record that a message with this exchange and
// type is, or the empty string if it is none.
func RecordType(exchange, typ string) string {
	if exchange == "" && (typ == MarkerType || typ == GapType) {
		return typ
	}
	return ""
}
