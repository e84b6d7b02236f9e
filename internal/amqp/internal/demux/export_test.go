package demux

import "ranger/internal/amqp/internal/frame"

// NewWithTag is New with a consumer tag of the test's choice.
func NewWithTag(tag string, maxBody int) *Conn {
	c := New(maxBody)
	c.tag, c.assembler = tag, frame.NewAssembler(tag, maxBody)
	return c
}
