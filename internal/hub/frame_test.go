package hub_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"ranger/internal/hub"
)

// Frames that violate RFC 6455, each on another socket.
func TestFrames_InvalidOnesCloseTheSocket(t *testing.T) {
	unmasked := []byte{final | opText, 4, 'p', 'i', 'n', 'g'}
	head := func(first byte, size uint64) []byte {
		b := binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, size)
		return append(b, 1, 2, 3, 4)
	}
	const utf8, protocol, big = 1007, 1002, 1009
	for name, c := range map[string]struct {
		frames []byte
		code   uint16
		reason string
	}{
		"unmasked":                    {unmasked, protocol, "protocol error"},
		"opcode 3":                    {masked(final|3, "x"), protocol, "protocol error"},
		"opcode 7":                    {masked(final|7, ""), protocol, "protocol error"},
		"opcode 11":                   {masked(final|11, ""), protocol, "protocol error"},
		"RSV1":                        {masked(final|0x40|opText, "x"), protocol, "protocol error"},
		"RSV2":                        {masked(final|0x20|opText, "x"), protocol, "protocol error"},
		"RSV3":                        {masked(final|0x10|opPing, ""), protocol, "protocol error"},
		"fragmented ping":             {masked(opPing, "x"), protocol, "protocol error"},
		"fragmented close":            {masked(opClose, ""), protocol, "protocol error"},
		"long ping":                   {masked(final|opPing, strings.Repeat("x", 126)), protocol, "protocol error"},
		"continuation of nothing":     {masked(final, "x"), protocol, "protocol error"},
		"text within a message":       {append(masked(opText, "a"), masked(final|opText, "b")...), protocol, "protocol error"},
		"close code 999":              {masked(final|opClose, closing(999, "")), protocol, "protocol error"},
		"close code 1005":             {masked(final|opClose, closing(1005, "")), protocol, "protocol error"},
		"close code 1006":             {masked(final|opClose, closing(1006, "")), protocol, "protocol error"},
		"close code 5000":             {masked(final|opClose, closing(5000, "")), protocol, "protocol error"},
		"close reason not UTF-8":      {masked(final|opClose, closing(1000, "\xff")), protocol, "protocol error"},
		"text not UTF-8":              {masked(final|opText, "{\"jwt\":\"Bearer \xff\"}"), utf8, "invalid UTF-8"},
		"text, surrogate":             {masked(final|opText, "\xed\xa0\x80"), utf8, "invalid UTF-8"},
		"text, overlong":              {masked(final|opText, "\xc0\x80"), utf8, "invalid UTF-8"},
		"text, cut":                   {append(masked(opText, "\xf0\x9f"), masked(final, "\x98")...), utf8, "invalid UTF-8"},
		"too big by a byte":           {masked(final|opText, strings.Repeat("x", 16<<10+1)), big, "message too big"},
		"too big, binary":             {masked(final|opBinary, strings.Repeat("x", 20_000)), big, "message too big"},
		"too big, in fragments":       {append(masked(opText, strings.Repeat("x", 10_000)), masked(final, strings.Repeat("x", 10_000))...), big, "message too big"},
		"a header of 1 MB":            {head(final|opText, 1<<20), big, "message too big"},
		"a header of 2^62":            {head(final|opText, 1<<62), big, "message too big"},
		"a header of 2^63":            {head(final|opText, 1<<63), big, "message too big"},
		"a fragment's header of 2^62": {append(masked(opText, "x"), head(final, 1<<62)...), big, "message too big"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(_ *testing.T, s *server) {
				c1 := s.dial()
				go func() { _, _ = c1.Write(c.frames) }()
				c1.wantFrame(opClose, closing(c.code, c.reason))
				// The client may still be writing its message, and closes when it has
				// read the reason.
				pass(time.Second)
				c1.send([]byte("more"))
				c1.send(masked(final|opClose, closing(c.code, "")))
				_ = c1.Close()
				s.wantClosed(map[int]int{int(c.code): 1})
			})
		})
	}
}

func TestClose_UnansweredIsCutAfterTwoSeconds(t *testing.T) {
	for name, frame := range map[string][]byte{
		"protocol error": masked(final|3, ""),
		"too big":        masked(final|opText, strings.Repeat("x", 20_000)),
		"not UTF-8":      masked(final|opText, "\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(t *testing.T, s *server) {
				c := s.dial()
				go func() { _, _ = c.Write(frame) }()
				c.read()
				start := time.Now()
				c.wantEnd()
				if got := time.Since(start); got != 2*time.Second {
					t.Errorf("cut after %v, want 2s", got)
				}
			})
		})
	}
}

// Control frames may come between fragments.
func TestFrames_FragmentsAreOneMessage(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		c.send(masked(opText, `{"jwt":"Bea`))
		c.send(masked(final|opPing, "between"))
		c.wantFrame(opPong, "between")
		c.send(masked(0, ``))
		c.send(masked(final|opPong, "unasked"))
		c.send(masked(0, `rer ali`))
		c.send(masked(final, `ce"}`))
		c.want(authenticated)
		c.send(masked(opText, "é"[:1])) // UTF-8 is checked for the whole message
		c.send(masked(final, "é"[1:]))
		c.want(badMessage)
	})
}

func TestFrames_SizeOfFragmentsIsAdded(t *testing.T) {
	bubble(t, setup{hub: hub.Config{MaxMessage: 100}}, func(_ *testing.T, s *server) {
		c := s.dial()
		for range 3 { // each message is counted by itself
			c.send(masked(opText, "{"+strings.Repeat(" ", 49)))
			c.send(masked(final, strings.Repeat(" ", 49)+"}"))
			c.want(noBearer)
		}
		c.send(masked(opText, strings.Repeat(" ", 100)))
		go func() { _, _ = c.Write(masked(final, " ")) }()
		c.wantClose(1009, "message too big")
	})
}

func TestFrames_OneByteAtATime(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		for _, b := range masked(final|opText, bearer("alice")) {
			c.send([]byte{b})
			pass(50 * time.Millisecond)
		}
		c.want(authenticated)
	})
}

func TestFrames_PingIsAnswered(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		for _, payload := range []string{"", "x", strings.Repeat("y", 125), "\xff\x00"} {
			c.send(masked(final|opPing, payload))
			c.wantFrame(opPong, payload)
		}
		c.talk([2]string{bearer("alice"), authenticated})
		c.send(masked(final|opPing, "after"))
		c.wantFrame(opPong, "after")
	})
}

func TestFrames_AllSizesOfHeaders(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice")
		for _, size := range []int{0, 1, 125, 126, 127, 65535, 65536, 200_000} {
			text := strings.Repeat("x", size)
			s.publish("alice", text)
			c.want(text)
		}
	})
}
