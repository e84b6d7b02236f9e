package amqp

import (
	"bytes"
	"encoding/binary"
	"errors"

	"ranger/internal/event"
)

// delivery is one message as the broker delivered it. Its slices are parts of
// what was read, or copies.
type delivery struct {
	tag         uint64
	redelivered bool
	check       uint32 // the journal.Check of the whole body
	exchange    []byte
	messageID   []byte
	typ         []byte
	headers     []byte // a table's entries (AMQP 0-9-1 §4.2.5.5)
	body        []byte // its beginning alone where it is longer than intake.most
}

// These end a connection whose broker breaks AMQP's rules.
var (
	errDeliver = errors.New("a basic.deliver of the broker's is malformed")
	errContent = errors.New("a content header of the broker's is malformed")
	errOrder   = errors.New("the broker's frames of a message are out of order")
	errEnd     = errors.New("a frame of the broker's does not end as it should")

	errTooLarge = errors.New("a frame of the broker's is too large")
	errPassedBy = errors.New("the intake let a delivery pass by")
)

// The method of a delivery, and the class of its content (AMQP 0-9-1, class basic).
const (
	classBasic    = 60
	methodDeliver = 60
)

// deliverTag returns the consumer's tag and what follows it, where the payload of a
// method is that of a basic.deliver.
func deliverTag(method []byte) (tag, rest []byte, ok bool) {
	if len(method) < 5 || binary.BigEndian.Uint16(method) != classBasic || binary.BigEndian.Uint16(method[2:]) != methodDeliver {
		return nil, nil, false
	}
	return short(method[4:])
}

// readDeliver reads what follows the consumer's tag in a basic.deliver.
func (d *delivery) readDeliver(b []byte) error {
	if len(b) < 9 {
		return errDeliver
	}
	d.tag, d.redelivered = binary.BigEndian.Uint64(b), b[8]&1 != 0
	exchange, rest, ok := short(b[9:])
	if !ok {
		return errDeliver
	}
	if _, rest, ok = short(rest); !ok || len(rest) > 0 { // the routing key
		return errDeliver
	}
	d.exchange = exchange
	return nil
}

// The properties of a message that are of interest or are no short strings, by their
// flags. They stand in the order of these, the highest first.
const (
	flagHeaders   = headersFlag
	flagMode      = 1 << 12
	flagPriority  = 1 << 11
	flagMessageID = 1 << 7
	flagTimestamp = 1 << 6
	flagType      = 1 << 5
)

// readHeader reads the payload of a content header, and returns how long the body
// is.
func (d *delivery) readHeader(b []byte) (size uint64, err error) {
	if len(b) < 14 || binary.BigEndian.Uint16(b) != classBasic {
		return 0, errContent
	}
	size, flags := binary.BigEndian.Uint64(b[4:]), binary.BigEndian.Uint16(b[12:])
	b = b[14:]
	for flag := uint16(contentTypeFlag); flag >= flagType; flag >>= 1 {
		if flags&flag == 0 {
			continue
		}
		var value []byte
		var ok bool
		switch flag {
		case flagHeaders:
			value, b, ok = long(b)
			d.headers = value
		case flagMode, flagPriority:
			_, b, ok = cut(b, 1)
		case flagTimestamp:
			_, b, ok = cut(b, 8)
		default:
			value, b, ok = short(b)
		}
		switch {
		case !ok:
			return 0, errContent
		case flag == flagMessageID:
			d.messageID = value
		case flag == flagType:
			d.typ = value
		}
	}
	return size, nil // what follows is of no use here
}

// short and long cut a string off that a byte, or four, tell the length of; cut cuts
// off n bytes.
func short(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 1 {
		return nil, nil, false
	}
	return cut(b[1:], uint64(b[0]))
}

func long(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	return cut(b[4:], uint64(binary.BigEndian.Uint32(b)))
}

func cut(b []byte, n uint64) (text, rest []byte, ok bool) {
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}

// own gives d memory of its own, less the body.
func (d *delivery) own() {
	parts := [...]*[]byte{&d.exchange, &d.messageID, &d.typ, &d.headers}
	all := bytes.Join([][]byte{d.exchange, d.messageID, d.typ, d.headers}, nil)
	for _, p := range parts {
		n := len(*p)
		*p, all = all[:n:n], all[n:]
	}
}

// offset returns where the message stands in the stream. The broker's own header is
// the first of its name: a publisher may send another.
func (d *delivery) offset() (uint64, bool) {
	for table := d.headers; len(table) > 0; {
		n, key, _ := entry(table, 0)
		if n == 0 {
			break
		}
		if string(key) == streamOffset {
			value := table[1+len(key) : n]
			if value[0] != 'l' || value[1]&0x80 != 0 {
				break
			}
			return binary.BigEndian.Uint64(value[1:]), true
		}
		table = table[n:]
	}
	return 0, false
}

// Header returns the header of that name, if it is among the first maxHeaders: tidied
// reads no more. One that comes twice, or that may be in what cannot be read of a
// table, is event.OtherHeader: owners are named otherwise, so that the message is
// nobody's.
func (d *delivery) Header(name string) (h event.Header) {
	found := false
	table := d.headers
	for i := 0; i < maxHeaders && len(table) > 0; i++ {
		n, key, _ := entry(table, 0)
		if n == 0 {
			return event.Header{Kind: event.OtherHeader}
		}
		if string(key) == name {
			if found {
				return event.Header{Kind: event.OtherHeader}
			}
			found, h = true, headerOf(table[1+len(key):n])
		}
		table = table[n:]
	}
	return h
}

// headerOf returns what a whole value with its type is.
func headerOf(value []byte) event.Header {
	b := value[1:]
	switch value[0] {
	case 'V':
		return event.Header{}
	case 'S':
		return event.Header{Kind: event.TextHeader, Text: b[4:]}
	case 'b':
		return event.IntegerOf(int64(int8(b[0]))) //nolint:gosec // that is the type
	case 's':
		return event.IntegerOf(int64(int16(binary.BigEndian.Uint16(b)))) //nolint:gosec // as above
	case 'I':
		return event.IntegerOf(int64(int32(binary.BigEndian.Uint32(b)))) //nolint:gosec // as above
	case 'l':
		return event.IntegerOf(int64(binary.BigEndian.Uint64(b))) //nolint:gosec // as above
	case 'B':
		return event.IntegerOf(int64(b[0]))
	case 'u':
		return event.IntegerOf(int64(binary.BigEndian.Uint16(b)))
	case 'i':
		return event.IntegerOf(int64(binary.BigEndian.Uint32(b)))
	default:
		return event.Header{Kind: event.OtherHeader}
	}
}
