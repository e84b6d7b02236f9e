package journal

import (
	"hash/crc32"
	"log/slog"
	"strconv"
	"strings"
)

// Position names one message of the stream: where it stands and what it is.
// Two nodes that read the same stream give a message the same Position; in a
// stream that was made anew, or restored from an older copy, another message
// stands at the offset and its check differs.
type Position struct {
	// Offset is the message's number in the stream, below MaxOffset.
	Offset uint64
	// Check is the Check of its body.
	Check uint32
}

// MaxOffset bounds offsets, so that every client can hold one as a number.
const MaxOffset = 1 << 53

// checkDigits is how many hex digits a check is written with.
const checkDigits = 8

// String returns the position as a client sees it, "<offset>.<8 hex digits>".
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

// ParsePosition reads what String writes, to the letter. It reports false for
// everything else.
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
	if p.String() != text { // there is no other way to write the same
		return Position{}, false
	}
	return p, true
}

// Check returns the CRC-32C (Castagnoli, RFC 3720 appendix B.4) of a message's
// body.
func Check(body []byte) uint32 { return AddToCheck(0, body) }

// AddToCheck returns the Check of a body of which check is that of its beginning, and
// part what follows.
func AddToCheck(check uint32, part []byte) uint32 {
	return crc32.Update(check, crc32.MakeTable(crc32.Castagnoli), part)
}

// LogValue makes logs show a position as String does.
func (p Position) LogValue() slog.Value { return slog.StringValue(p.String()) }
