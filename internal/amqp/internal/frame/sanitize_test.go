package frame_test

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/frame/frametest"
)

// withTable returns a content header with the entries of a table, and the frames
// before and after it.
func withTable(table string) (before, header, after string) {
	properties := "\xb0\x00" + frametest.ShortString("a/b") + // the content type
		string(binary.BigEndian.AppendUint32(nil, uint32(len(table)))) + table + "\x02" // the delivery mode
	return frametest.Heartbeat, frametest.Header(1, 5, properties), frametest.Body(1, "hello")
}

// sanitized returns text as it is read through Sanitize.
func sanitized(tb testing.TB, text string) string {
	tb.Helper()
	got, err := io.ReadAll(frame.Sanitize(frametest.NewConn(text, 1<<30)))
	if err != nil {
		tb.Fatalf("read %.200q: %v", text, err)
	}
	return string(got)
}

// shortReads reads three bytes at a time.
type shortReads struct{ io.Reader }

func (r shortReads) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(3, len(p))]) }

func TestSanitize_PassesReadableAndMalformedTablesUnchanged(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{
		"empty":     "",
		"two":       "\x01aS\x00\x00\x00\x02xx\x0fx-stream-offsetl\x00\x00\x00\x00\x00\x00\x00\x07",
		"all types": "\x01at\x01\x01bb\x01\x01cB\x01\x01ds\x00\x01\x01eu\x00\x01\x01fI\x00\x00\x00\x01\x01gi\x00\x00\x00\x01\x01hl\x00\x00\x00\x00\x00\x00\x00\x01\x01jf\x00\x00\x00\x00\x01kd\x00\x00\x00\x00\x00\x00\x00\x00\x01lD\x00\x00\x00\x00\x01\x01mx\x00\x00\x00\x01x\x01nT\x00\x00\x00\x00\x00\x00\x00\x00\x01oV\x01pA\x00\x00\x00\x02t\x01\x01qF\x00\x00\x00\x04\x01at\x01",
		"cut off":   "\x01aS\x00\x00\x00\x09xx",
		"unknown":   "\x01a?",
		"no value":  "\x01a",
		"no key":    "\x09a",
	} {
		before, header, after := withTable(table)
		want := before + header + after
		got, err := io.ReadAll(shortReads{frame.Sanitize(frametest.NewConn(want, 1<<30))})
		if string(got) != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestSanitize_RewritesTablesThatTheLibraryCannotRead(t *testing.T) {
	t.Parallel()
	nested := func(typ string, depth int) string {
		value := "t\x01"
		for range depth {
			entry := value
			if typ == "F" {
				entry = "\x01a" + value
			}
			value = typ + string(binary.BigEndian.AppendUint32(nil, uint32(len(entry)))) + entry
		}
		return "\x01a" + value
	}
	for name, c := range map[string]struct{ table, want string }{
		"a key twice":             {frametest.TextEntry("a", "x") + frametest.TextEntry("a", "y"), frametest.TextEntry("a", "x") + "\x01at\x01"},
		"the offset twice":        {frametest.OffsetEntry(7) + frametest.OffsetEntry(8), frametest.OffsetEntry(7)},
		"deep tables":             {nested("F", 9), "\x01at\x01"},
		"deep lists":              {nested("A", 9), "\x01at\x01"},
		"tables that can be read": {nested("F", 7), nested("F", 7)},
		"too many entries":        {frametest.TextEntries(257, 1), frametest.TextEntries(256, 1)},
		"the offset after them":   {frametest.TextEntries(257, 1) + frametest.OffsetEntry(7), frametest.TextEntries(256, 1) + frametest.OffsetEntry(7)},
	} {
		before, header, after := withTable(c.table)
		_, want, _ := withTable(c.want)
		if got := sanitized(t, before+header+after); got != before+want+after {
			t.Errorf("%s:\ngot  %.500q\nwant %.500q", name, got, before+want+after)
		}
	}
}

// A table becomes as small as the broker and the library have agreed on. It keeps
// the broker's own entry, and the others that fit.
func TestSanitize_ShrinksHeadersToTheNegotiatedFrameSize(t *testing.T) {
	t.Parallel()
	for negotiated, limit := range map[uint32]int{0: frame.Max, 1: 4096, 10_000: 10_000, frame.Max: frame.Max, 1 << 20: frame.Max} {
		tune := frametest.Method(0, 10, 30, "\x00\x00"+string(binary.BigEndian.AppendUint32(nil, negotiated))+"\x00\x00")
		_, header, after := withTable(frametest.OffsetEntry(7) + frametest.TextEntries(150, 250) + frametest.TextEntries(200, 10_000))
		got := sanitized(t, tune+header+after)
		size := len(got) - len(tune) - len(after)
		if least := min(limit, 40_000) - 300; size > limit || size < least || !strings.Contains(got, frametest.OffsetEntry(7)) {
			t.Errorf("negotiated %d: got a frame of %d bytes, want %d to %d, with the offset", negotiated, size, least, limit)
		}
		if length := int(binary.BigEndian.Uint32([]byte(got[len(tune)+3:]))); length != size-8 {
			t.Errorf("negotiated %d: the frame gives its payload's size as %d, want %d", negotiated, length, size-8)
		}
	}
}

// Nothing panics. A sanitized table is sanitized no further, and the frames around
// it do not change.
func FuzzSanitize(f *testing.F) {
	f.Add([]byte("\x0fx-stream-offsetl\x00\x00\x00\x00\x00\x00\x00\x07\x0fx-stream-offsett\x01\x01at\x01\x01at\x01"))
	f.Add([]byte("\x01aA\x00\x00\x00\x02t\x01"))
	f.Add([]byte("\x01aF" + strings.Repeat("\x00\x00\x00\x01A", 20)))
	f.Fuzz(func(t *testing.T, table []byte) {
		before, header, after := withTable(string(table))
		once := sanitized(t, before+header+after)
		if twice := sanitized(t, once); twice != once {
			t.Fatalf("%q becomes %q, and that %q; want no second change", header, once, twice)
		}
		if !strings.HasPrefix(once, before) || !strings.HasSuffix(once, after) {
			t.Fatalf("got %q, want it between %q and %q", once, before, after)
		}
		_, _ = io.Copy(io.Discard, frame.Sanitize(frametest.NewConn(string(table), 1<<30))) // not frames
	})
}
