package event

import "strconv"

// Headers are the AMQP headers of a message, as far as Decode asks for them.
type Headers interface {
	// Header returns the header of that name; the zero Header where there is
	// none, or it is null.
	Header(name string) Header
}

// HeaderKind says what a Header is.
type HeaderKind uint8

// The kinds of headers that Decode tells apart.
const (
	// NoHeader: there is none, or it is null.
	NoHeader HeaderKind = iota
	// TextHeader: a string.
	TextHeader
	// IntegerHeader: an integer of any width.
	IntegerHeader
	// OtherHeader: a value of another type, or none that can be told.
	OtherHeader
)

// Header is the value of one header.
type Header struct {
	// Text is that of a TextHeader. Decode neither changes nor keeps it.
	Text []byte
	// Magnitude is that of an IntegerHeader, without the sign.
	Magnitude uint64
	Kind      HeaderKind
	Negative  bool
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

// Table is Headers of amqp091-go's types.
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
