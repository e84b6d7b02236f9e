package journal

import (
	"fmt"
	"hash/crc32"
	"log/slog"
)

// Position names one message of the stream: where it stands and what it is.
// Two nodes that read the same stream give a message the same Position; in a
// stream that was made anew, or restored from an older copy, another message
// stands at the offset and its check differs.
type Position struct {
	Offset uint64
	Check  uint32
}

// String returns the position as a client sees it, "<offset>.<8 hex digits>".
func (p Position) String() string {
	return fmt.Sprintf("%d.%08x", p.Offset, p.Check)
}

// Check returns the CRC-32C (Castagnoli, RFC 3720 appendix B.4) of a message's
// body.
func Check(body []byte) uint32 {
	return crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
}

// LogValue makes logs show a position as String does.
func (p Position) LogValue() slog.Value { return slog.StringValue(p.String()) }
