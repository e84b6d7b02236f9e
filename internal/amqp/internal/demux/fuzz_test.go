package demux_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/frame/frametest"
)

// forLibrary returns what of text is for the library, and how many messages are for
// the consumer, if no delivery is malformed: all complete frames but the consumer's,
// and everything from a frame on that is too large.
func forLibrary(text string) (library string, messages int) {
	taking, channel, left := false, "", uint64(0)
	for len(text) >= 7 {
		size := 8 + uint64(binary.BigEndian.Uint32([]byte(text[3:])))
		if size > frame.Max && (text[0] != 2 || size > frame.MaxHeader) {
			return library + text, messages
		}
		if size > uint64(len(text)) {
			break
		}
		payload := text[7 : size-1]
		switch {
		case taking && text[1:3] == channel:
			if text[0] == 2 {
				left = binary.BigEndian.Uint64([]byte(payload[4:]))
			} else {
				left -= uint64(len(payload))
			}
			if taking = left > 0; !taking {
				messages++
			}
		case text[0] == 1 && strings.HasPrefix(payload, "\x00\x3c\x00\x3c"+frametest.ShortString(frametest.Consumer)):
			taking, channel = true, text[1:3]
		default:
			library += text[:size]
		}
		text = text[size:]
	}
	return library, messages
}

// Nothing panics. What is passed on and what is diverted is what came, read at once
// and in pieces alike, and bodies are truncated.
func FuzzDemux(f *testing.F) {
	const maxBody = 5000
	begin := frametest.Deliver(7, frametest.Consumer, 1, 0, "x")
	for _, text := range []string{
		"", "AMQP\x00\x00\x09\x01", "\x01\x00\x07\x00\x00\x00\x00\xce", frametest.Heartbeat + frametest.Method(7, 60, 60, ""),
		message(1, frametest.OffsetEntry(1)+frametest.TextEntry("member_uid", "ID"), `{"id":1}`, 3) + frametest.Heartbeat,
		message(1, "\x01aA\x00\x00\x00\x09x", strings.Repeat("x", 3*maxBody), 4000) + message(2, "\x01a?", "", 1),
		begin + frametest.Heartbeat + frametest.Header(7, 2, frametest.NoProperties) + frametest.Body(6, "no") + frametest.Body(7, "is"),
		begin + frametest.Header(7, -1, frametest.NoProperties) + frametest.Body(7, "is"),
		begin + frametest.Header(7, 0, "\xff\xff") + frametest.Frame(2, 1, make([]byte, frame.Max)),
	} {
		f.Add([]byte(text), uint16(5))
	}
	f.Fuzz(func(t *testing.T, text []byte, atATime uint16) {
		headers := append(frametest.OwnerHeaders(), "a")
		library, all, err := read(string(text), 1<<30, maxBody, headers...)
		library2, all2, err2 := read(string(text), 1+int(atATime), maxBody, headers...)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%q: got %v at once, %v in pieces", text, err, err2)
		}
		for _, d := range all {
			if len(d.Body) > maxBody {
				t.Fatalf("%q: %d bytes of a body are kept, want at most %d", text, len(d.Body), maxBody)
			}
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(all, all2); diff != "" || library != library2 {
			t.Fatalf("%q\nthe library reads %q at once, %q in pieces\ndeliveries (-at once +in pieces):\n%s", text, library, library2, diff)
		}
		if want, messages := forLibrary(string(text)); library != want || len(all) != messages {
			t.Fatalf("%q: the library reads %q, and there are %d deliveries, want %q, %d", text, library, len(all), want, messages)
		}
	})
}
