package journal

import (
	"log/slog"
	"strconv"
	"strings"
)

// Position identifies one message of the stream by its offset and a check of its body.
// All nodes that read the same stream give a message the same Position. After the
// stream was declared anew, or restored from an older copy, another message has the
// offset, and its check differs.
type Position struct {
	// Offset is the message's offset in the stream, below MaxOffset.
	Offset uint64
	// Check is the CRC-32C of its body, see event.Check.
	Check uint32
}

// MaxOffset is the bound of offsets: a JavaScript number holds all below it.
const MaxOffset = 1 << 53

// checkDigits is the number of hex digits of a check.
const checkDigits = 8

// String returns the position in the form that clients see: "<offset>.<8 hex digits>".
func (p Position) String() string { return string(p.Append(nil)) }

// Append appends what String returns to dst.
func (p Position) Append(dst []byte) []byte {
	const digits = "0123456789abcdef"
	dst = strconv.AppendUint(dst, p.Offset, 10)
	dst = append(dst, '.')
	for shift := 4 * (checkDigits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, digits[p.Check>>shift&0xf])
	}
	return dst
}

// ParsePosition parses exactly what String returns. It reports false for everything
// else.
func ParsePosition(text string) (Position, bool) {
	number, check, _ := strings.Cut(text, ".")
	offset, err := strconv.ParseUint(number, 10, 64)
	if err != nil || offset >= MaxOffset || len(check) != checkDigits {
		return Position{}, false
	}
	sum, err := strconv.ParseUint(check, 16, 32)
	if err != nil {
		return Position{}, false
	}
	p := Position{Offset: offset, Check: uint32(sum)}
	if p.String() != text { // such as leading zeros
		return Position{}, false
	}
	return p, true
}

// LogValue returns the position for logs, in the form of String.
func (p Position) LogValue() slog.Value { return slog.StringValue(p.String()) }
