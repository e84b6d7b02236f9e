package demux

import (
	"time"

	"ranger/internal/amqp/internal/frame"
)

// NewWithTag is New with a consumer tag of the test's choice.
func NewWithTag(tag string, maxBody int) *Conn {
	c := New(maxBody)
	c.tag, c.assembler = tag, frame.NewAssembler(tag, maxBody)
	return c
}

// Begin notes that the reader got a batch at that time.
func (c *Conn) Begin(at time.Time) { c.busySince.Store(at.UnixNano()) }

// NoteDone is noteDone.
func (c *Conn) NoteDone(now time.Time) { c.noteDone(now) }
