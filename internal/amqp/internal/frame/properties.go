package frame

import "encoding/binary"

// The class of a delivery's frames and the method that begins it (AMQP 0-9-1,
// class basic).
const (
	classBasic    = 60
	methodDeliver = 60
)

// The properties that Delivery has, or that are not short strings, by their flags
// (AMQP 0-9-1, class basic). They are encoded in the order of the flags, the
// highest first.
const (
	flagContentType = 1 << 15
	flagEncoding    = 1 << 14
	flagHeaders     = 1 << 13
	flagMode        = 1 << 12
	flagPriority    = 1 << 11
	flagMessageID   = 1 << 7
	flagTimestamp   = 1 << 6
	flagType        = 1 << 5
)

// propertiesAt is where the properties begin in the payload of a content header.
const propertiesAt = 14

// deliverTag returns the consumer tag and what follows it if the payload of a
// method frame is a basic.deliver.
func deliverTag(method []byte) (tag, rest []byte, ok bool) {
	if len(method) < 5 || binary.BigEndian.Uint16(method) != classBasic || binary.BigEndian.Uint16(method[2:]) != methodDeliver {
		return nil, nil, false
	}
	return shortString(method[4:])
}

// readDeliver reads what follows the consumer tag in a basic.deliver.
func (d *Delivery) readDeliver(b []byte) error {
	if len(b) < 9 {
		return errDeliver
	}
	d.Tag, d.Redelivered = binary.BigEndian.Uint64(b), b[8]&1 != 0
	exchange, rest, ok := shortString(b[9:])
	if !ok {
		return errDeliver
	}
	if _, rest, ok = shortString(rest); !ok || len(rest) > 0 { // the routing key
		return errDeliver
	}
	d.Exchange = exchange
	return nil
}

// readHeader reads the payload of a content header and returns the size of the
// body.
func (d *Delivery) readHeader(b []byte) (size uint64, err error) {
	if len(b) < propertiesAt || binary.BigEndian.Uint16(b) != classBasic {
		return 0, errHeader
	}
	size, flags := binary.BigEndian.Uint64(b[4:]), binary.BigEndian.Uint16(b[12:])
	b = b[propertiesAt:]
	for flag := uint16(flagContentType); flag >= flagType; flag >>= 1 {
		if flags&flag == 0 {
			continue
		}
		var value []byte
		var ok bool
		switch flag {
		case flagHeaders:
			value, b, ok = longString(b)
			d.Headers = value
		case flagMode, flagPriority:
			_, b, ok = cut(b, 1)
		case flagTimestamp:
			_, b, ok = cut(b, 8)
		default:
			value, b, ok = shortString(b)
		}
		switch {
		case !ok:
			return 0, errHeader
		case flag == flagMessageID:
			d.MessageID = value
		case flag == flagType:
			d.Type = value
		}
	}
	return size, nil // ranger uses none of the properties that follow
}

// shortString and longString return the string at the start of b, whose length is
// encoded in one byte or in four, and what follows it.
func shortString(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 1 {
		return nil, nil, false
	}
	return cut(b[1:], uint64(b[0]))
}

func longString(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	return cut(b[4:], uint64(binary.BigEndian.Uint32(b)))
}

// cut splits b after n bytes.
func cut(b []byte, n uint64) (head, rest []byte, ok bool) {
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}
