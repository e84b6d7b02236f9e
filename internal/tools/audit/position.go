package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// position is a parsed client position, "<offset>.<8 hex digits>": the message's
// offset in the stream and the checksum of its body.
type position struct {
	offset uint64
	check  uint32
}

// String returns the position as clients see it.
func (p position) String() string { return fmt.Sprintf("%d.%08x", p.offset, p.check) }

// parsePosition parses a position. Only the form that String returns is valid.
func parsePosition(text string) (position, error) {
	offset, check, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(offset, 10, 53)
	c, checkErr := strconv.ParseUint(check, 16, 32)
	p := position{n, uint32(c)}
	if err != nil || checkErr != nil || p.String() != text {
		return position{}, fmt.Errorf("position %.40q: must be <offset>.<8 lower-case hex digits>", text)
	}
	return p, nil
}
