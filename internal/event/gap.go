package event

import (
	"encoding/json"
	"errors"
	"strconv"
)

// GapReason is the cause of a Gap. Clients see it.
type GapReason string

// The causes of gaps.
const (
	// GapExchange: an exchange did not exist, so its binding to the stream was lost.
	GapExchange GapReason = "exchange"
	// GapBinding: an exchange existed, but was not bound to the stream.
	GapBinding GapReason = "binding"
	// GapStream: the stream, or its end, was lost.
	GapStream GapReason = "stream"
	// GapOverflow: the broker dropped messages before they were read.
	GapOverflow GapReason = "overflow"
	// GapBroker: a host of the broker was restarted or went down, and what it had not
	// confirmed to its publishers was lost.
	GapBroker GapReason = "broker"
	// GapEntry: the broker cannot deliver an entry of the stream.
	GapEntry GapReason = "entry"
	// GapMember: events named their owner by a member id that was not known.
	GapMember GapReason = "member"
)

// GapReasons returns every GapReason, in a new slice.
func GapReasons() []GapReason {
	return []GapReason{GapExchange, GapBinding, GapStream, GapOverflow, GapBroker, GapEntry, GapMember}
}

// Gap is an interval in which events may not have reached ranger.
type Gap struct {
	// From and To bound the interval, in Unix ms.
	From   int64     `json:"from"`
	To     int64     `json:"to"`
	Reason GapReason `json:"reason"`
	// UID is the user that may miss events; empty: all users.
	UID UID `json:"uid,omitempty"`
	// Member is the member id that has become known, if Reason is GapMember.
	Member string `json:"member,omitempty"`
}

// Message returns the complete socket message, {"gap":{…}}.
func (g Gap) Message() []byte {
	b := append([]byte(nil), `{"gap":{"from":`...)
	b = strconv.AppendInt(b, g.From, 10)
	b = append(b, `,"to":`...)
	b = strconv.AppendInt(b, g.To, 10)
	b = append(b, `,"reason":"`...)
	b = append(b, g.Reason...)
	return append(b, `"}}`...)
}

// Record returns g in the form in which nodes store it in the stream.
func (g Gap) Record() []byte {
	b, _ := json.Marshal(g) // numbers and strings always marshal
	return b
}

var errNotGap = errors.New("not a gap record")

// ParseGap parses a record that Gap.Record returned.
func ParseGap(record []byte) (Gap, error) {
	var g Gap
	if err := json.Unmarshal(record, &g); err != nil {
		return Gap{}, err
	}
	switch g.Reason {
	case GapExchange, GapBinding, GapStream, GapOverflow, GapBroker, GapEntry:
	case GapMember:
		if g.UID == "" {
			return Gap{}, errNotGap
		}
	default:
		return Gap{}, errNotGap
	}
	if g.From < 0 || g.To < g.From {
		return Gap{}, errNotGap
	}
	return g, nil
}
