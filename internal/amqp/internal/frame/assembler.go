package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"ranger/internal/event"
)

// These errors mean that the broker breaks the protocol; the connection is of no
// more use.
var (
	errDeliver = errors.New("basic.deliver is malformed")
	errHeader  = errors.New("content header is malformed")
	errOrder   = errors.New("frames of a message are out of order")
	errEnd     = errors.New("frame end octet is not 0xCE")

	// ErrTooLarge means that a frame of a message exceeds the limit for its type.
	ErrTooLarge = errors.New("frame of a message is too large")
)

// Assembler puts the deliveries of one consumer together from the frames of a
// connection. It is for one goroutine.
type Assembler struct {
	tag     string // consumer tag; fixed at construction
	maxBody int    // how many bytes of a body are kept; fixed at construction

	state   state
	channel uint16   // of the incomplete delivery
	left    uint64   // bytes of the body still to come
	keep    int      // bytes of the body to keep
	owned   bool     // Body is a copy
	current Delivery // valid until the next Push
}

// state is what the incomplete delivery waits for.
type state uint8

const (
	idle state = iota // there is no incomplete delivery
	awaitingHeader
	awaitingBody
)

// NewAssembler returns an Assembler for the consumer with this tag. It keeps up
// to maxBody bytes of each body.
func NewAssembler(tag string, maxBody int) *Assembler {
	return &Assembler{tag: tag, maxBody: maxBody}
}

// Push takes one whole frame. It reports false if the frame belongs to something
// other than a delivery to the consumer. It returns the delivery that the frame
// completes, else nil; the delivery refers to the frames pushed, and is valid until
// the next call.
func (a *Assembler) Push(f []byte) (d *Delivery, taken bool, err error) {
	channel := binary.BigEndian.Uint16(f[1:])
	if a.state != idle && channel == a.channel {
		d, err = a.pushContent(f)
		return d, true, err
	}
	if f[0] != typeMethod {
		return nil, false, nil
	}
	tag, rest, ok := deliverTag(payload(f))
	switch {
	case !ok || string(tag) != a.tag:
		return nil, false, nil
	case f[len(f)-1] != end:
		return nil, true, errEnd
	case a.state != idle:
		return nil, true, errOrder
	}
	a.state, a.channel, a.owned, a.current = awaitingHeader, channel, false, Delivery{}
	return nil, true, a.current.readDeliver(rest)
}

// pushContent takes a frame on the channel of the incomplete delivery.
func (a *Assembler) pushContent(f []byte) (*Delivery, error) {
	payload := payload(f)
	switch {
	case f[len(f)-1] != end:
		return nil, errEnd
	case a.state == awaitingHeader && f[0] == typeHeader:
		size, err := a.current.readHeader(payload)
		if err != nil {
			return nil, err
		}
		a.state, a.left, a.keep = awaitingBody, size, int(min(size, uint64(a.maxBody))) //nolint:gosec // not above maxBody
	case a.state == awaitingBody && f[0] == typeBody && uint64(len(payload)) <= a.left:
		a.addBody(payload)
	default:
		return nil, errOrder
	}
	if a.state == awaitingBody && a.left == 0 {
		a.state = idle
		return &a.current, nil
	}
	return nil, nil //nolint:nilnil // incomplete
}

// addBody adds the payload of a body frame. A body that came in one frame is not
// copied.
func (a *Assembler) addBody(payload []byte) {
	d := &a.current
	a.left -= uint64(len(payload))
	d.Check = event.AddToCheck(d.Check, payload)
	payload = payload[:min(len(payload), a.keep-len(d.Body))]
	if len(d.Body) == 0 && len(payload) == a.keep {
		d.Body = slices.Clip(payload)
		return
	}
	if !a.owned {
		d.Body, a.owned = append(make([]byte, 0, a.keep), d.Body...), true
	}
	d.Body = append(d.Body, payload...)
}

// Incomplete reports whether frames of a delivery are still to come.
func (a *Assembler) Incomplete() bool { return a.state != idle }

// Own copies what the incomplete delivery refers to, so that the frames pushed so
// far may be overwritten.
func (a *Assembler) Own() {
	if a.state == idle {
		return
	}
	a.current.Own()
	if d := &a.current; !a.owned && len(d.Body) > 0 {
		d.Body, a.owned = bytes.Clone(d.Body), true
	}
}
