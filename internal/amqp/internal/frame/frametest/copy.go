package frametest

import (
	"slices"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/event"
)

// Copy is what a test compares of a delivery. It outlives the delivery.
type Copy struct {
	Tag                             uint64
	Redelivered                     bool
	Offset                          uint64
	HasOffset                       bool
	Check                           uint32
	Exchange, MessageID, Type, Body string
	Headers                         map[string]event.Header // without those that are missing
}

// CopyOf returns a Copy of d with the headers of these names.
func CopyOf(d *frame.Delivery, headers ...string) Copy {
	c := Copy{
		Tag: d.Tag, Redelivered: d.Redelivered, Check: d.Check,
		Exchange: string(d.Exchange), MessageID: string(d.MessageID), Type: string(d.Type), Body: string(d.Body),
		Headers: make(map[string]event.Header),
	}
	c.Offset, c.HasOffset = d.Offset()
	for _, name := range headers {
		if h := d.Header(name); h.Kind != event.NoHeader {
			h.Text = slices.Clone(h.Text)
			c.Headers[name] = h
		}
	}
	return c
}
