package amqp_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp"
)

// notOurs is what of text is the library's, if that breaks no rule: all whole frames,
// less those of the consumer's messages; behind a frame that is too large, all.
func notOurs(text string) (handed string, messages int) {
	ours, channel, left := false, "", uint64(0)
	for len(text) >= 7 {
		size := 8 + uint64(binary.BigEndian.Uint32([]byte(text[3:])))
		if size > amqp.FrameMax && (text[0] != 2 || size > amqp.HeaderMax) {
			return handed + text, messages
		}
		if size > uint64(len(text)) {
			break
		}
		payload := text[7 : size-1]
		switch {
		case ours && text[1:3] == channel:
			if text[0] == 2 {
				left = binary.BigEndian.Uint64([]byte(payload[4:]))
			} else {
				left -= uint64(len(payload))
			}
			if ours = left > 0; !ours {
				messages++
			}
		case text[0] == 1 && strings.HasPrefix(payload, "\x00\x3c\x00\x3c"+shortText(theTag)):
			ours, channel = true, text[1:3]
		default:
			handed += text[:size]
		}
		text = text[size:]
	}
	return handed, messages
}

// Whatever comes, nothing panics; what is handed on and what is taken is what came, as
// a whole and byte by byte alike; and no more of a body is held than may be.
func FuzzIntake(f *testing.F) {
	const maxBody = 5000
	for _, text := range []string{
		"", "AMQP\x00\x00\x09\x01", "\x01\x00\x07\x00\x00\x00\x00\xce", frame(8, 0, nil) + frame(1, 7, []byte("\x00\x3c\x00\x3c")),
		message(1, offsetEntry(1)+"\x0amember_uidS\x00\x00\x00\x02ID", `{"id":1}`, 3) + frame(8, 0, nil),
		message(1, "\x01aA\x00\x00\x00\x09x", strings.Repeat("x", 3*maxBody), 4000) + message(2, "\x01a?", "", 1),
		deliver(7, theTag, 1, 0, "x") + frame(8, 0, nil) + header(7, 2, noProperties) + frame(3, 6, []byte("no")) + frame(3, 7, []byte("is")),
		deliver(7, theTag, 1, 0, "x") + header(7, -1, noProperties) + frame(3, 7, []byte("is")),
		deliver(7, theTag, 1, 0, "x") + header(7, 0, "\xff\xff") + frame(2, 1, make([]byte, amqp.FrameMax)),
	} {
		f.Add([]byte(text), uint16(5))
	}
	f.Fuzz(func(t *testing.T, text []byte, atATime uint16) {
		names := append(ownerHeaders(), "a")
		handed, all, err := sortNamed(string(text), 1<<30, maxBody, names)
		handed2, all2, err2 := sortNamed(string(text), 1+int(atATime), maxBody, names)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%v, and %v in pieces", err, err2)
		}
		for _, d := range all {
			if len(d.Body) > maxBody+1 {
				t.Fatalf("%d bytes of a body are held", len(d.Body))
			}
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(all, all2); diff != "" || handed != handed2 {
			t.Fatalf("%q\nas a whole %q, in pieces %q\n%s", text, handed, handed2, diff)
		}
		if want, messages := notOurs(string(text)); handed != want || len(all) != messages {
			t.Fatalf("%q: %q was handed on, and %d messages were taken, want %q, %d", text, handed, len(all), want, messages)
		}
	})
}
