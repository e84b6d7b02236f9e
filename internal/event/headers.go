package event

import "strconv"

// Headers are the AMQP headers of a message.
type Headers interface {
	// Header returns the header of that name, or the zero Header if it is absent or
	// null.
	Header(name string) Header
}

// HeaderKind is the type of a Header's value.
type HeaderKind uint8

// The kinds of headers that Decode distinguishes.
const (
	// NoHeader: the header is absent or null.
	NoHeader HeaderKind = iota
	// TextHeader: a string.
	TextHeader
	// IntegerHeader: an integer of any width.
	IntegerHeader
	// OtherHeader: a value of another type.
	OtherHeader
)

// Header is the value of one header.
type Header struct {
	// Text is the value of a TextHeader. Decode neither changes nor keeps it.
	Text []byte
	// Magnitude is the absolute value of an IntegerHeader.
	Magnitude uint64
	Kind      HeaderKind
	// Negative is the sign of an IntegerHeader.
	Negative bool
}

// IntegerOf returns the Header of a signed integer.
func IntegerOf(n int64) Header {
	if n < 0 {
		return Header{Kind: IntegerHeader, Magnitude: -uint64(n), Negative: true} //nolint:gosec // two's complement
	}
	return Header{Kind: IntegerHeader, Magnitude: uint64(n)}
}

// appendInteger appends the canonical text of an IntegerHeader.
func (h Header) appendInteger(dst []byte) []byte {
	if h.Negative {
		dst = append(dst, '-')
	}
	return strconv.AppendUint(dst, h.Magnitude, 10)
}

// Table implements Headers for a header table of amqp091-go.
type Table map[string]any

// Header returns the header of that name.
func (t Table) Header(name string) Header {
	switch v := t[name].(type) {
	case nil:
		return Header{}
	case string:
		return Header{Kind: TextHeader, Text: []byte(v)}
	case int8:
		return IntegerOf(int64(v))
	case int16:
		return IntegerOf(int64(v))
	case int32:
		return IntegerOf(int64(v))
	case int64:
		return IntegerOf(v)
	case int:
		return IntegerOf(int64(v))
	case uint8:
		return Header{Kind: IntegerHeader, Magnitude: uint64(v)}
	case uint16:
		return Header{Kind: IntegerHeader, Magnitude: uint64(v)}
	case uint32:
		return Header{Kind: IntegerHeader, Magnitude: uint64(v)}
	case uint64:
		return Header{Kind: IntegerHeader, Magnitude: v}
	default:
		return Header{Kind: OtherHeader}
	}
}
