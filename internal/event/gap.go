package event

import (
	"encoding/json"
	"errors"
	"strconv"
)

// GapReason says how events came to be missing. Clients see it.
type GapReason string

// The reasons for gaps.
const (
	// GapExchange: an exchange was gone, and with it what fed the stream.
	GapExchange GapReason = "exchange"
	// GapBinding: an exchange was there, but did not feed the stream.
	GapBinding GapReason = "binding"
	// GapStream: the stream, or the end of it, was gone.
	GapStream GapReason = "stream"
	// GapOverflow: the broker dropped messages before they were read.
	GapOverflow GapReason = "overflow"
	// GapMember: events named their owner by a member id that was not known.
	GapMember GapReason = "member"
)

// GapReasons returns every GapReason, in a slice of the caller's own.
func GapReasons() []GapReason {
	return []GapReason{GapExchange, GapBinding, GapStream, GapOverflow, GapMember}
}

// Gap says that events of an interval may never have reached ranger.
type Gap struct {
	// From and To bound the interval, Unix ms.
	From   int64     `json:"from"`
	To     int64     `json:"to"`
	Reason GapReason `json:"reason"`
	// UID is whose events are missing; empty for everybody's.
	UID UID `json:"uid,omitempty"`
	// Member is the member id that has become known, where Reason is GapMember.
	Member string `json:"member,omitempty"`
}

// Message returns the text of the socket message, {"gap":{…}}.
func (g Gap) Message() []byte {
	b := append([]byte(nil), `{"gap":{"from":`...)
	b = strconv.AppendInt(b, g.From, 10)
	b = append(b, `,"to":`...)
	b = strconv.AppendInt(b, g.To, 10)
	b = append(b, `,"reason":"`...)
	b = append(b, g.Reason...)
	return append(b, `"}}`...)
}

// Record returns g as a node writes it into the stream.
func (g Gap) Record() []byte {
	b, _ := json.Marshal(g) // numbers and strings always marshal
	return b
}

var errNoGap = errors.New("not a gap record")

// ParseGap reads what Record returns.
func ParseGap(record []byte) (Gap, error) {
	var g Gap
	if err := json.Unmarshal(record, &g); err != nil {
		return Gap{}, err
	}
	switch g.Reason {
	case GapExchange, GapBinding, GapStream, GapOverflow:
	case GapMember:
		if g.UID == "" {
			return Gap{}, errNoGap
		}
	default:
		return Gap{}, errNoGap
	}
	if g.From < 0 || g.To < g.From {
		return Gap{}, errNoGap
	}
	return g, nil
}
