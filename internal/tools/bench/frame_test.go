package bench_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/bench"
)

// frame returns a server's frame (RFC 6455 §5.2).
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

// sampleFrames are frames with all three forms of length, and control frames between
// them.
var sampleFrames = []bench.Frame{
	{Op: 1, Payload: ""},
	{Op: 1, Payload: "a"},
	{Op: 9, Payload: "ping"},
	{Op: 1, Payload: strings.Repeat("b", 125)},
	{Op: 1, Payload: strings.Repeat("c", 126)},
	{Op: 0xa, Payload: ""},
	{Op: 1, Payload: strings.Repeat("d", 5000)},
	{Op: 1, Payload: "e"},
	{Op: 1, Payload: strings.Repeat("f", 1<<16)},
	{Op: 8, Payload: "\x10\x04too slow"},
}

func sampleBytes() (all []byte) {
	for _, f := range sampleFrames {
		all = append(all, frame(0x80|f.Op, f.Payload)...)
	}
	return all
}

func TestFrames_ReadInPiecesOfAnySize(t *testing.T) {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"at once":        func(r io.Reader) io.Reader { return r },
		"byte by byte":   iotest.OneByteReader,
		"in halves":      iotest.HalfReader,
		"with the error": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := bench.ReadFrames(wrap(bytes.NewReader(sampleBytes())))
			if !errors.Is(err, io.EOF) {
				t.Errorf("got error %v, want EOF", err)
			}
			if diff := cmp.Diff(sampleFrames, got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFrames_Split cuts the bytes of small frames in two at each place.
func TestFrames_Split(t *testing.T) {
	small := sampleFrames[:6]
	var all []byte
	for _, f := range small {
		all = append(all, frame(0x80|f.Op, f.Payload)...)
	}
	for i := range all {
		got, _ := bench.ReadFrames(io.MultiReader(bytes.NewReader(all[:i]), bytes.NewReader(all[i:])))
		if diff := cmp.Diff(small, got); diff != "" {
			t.Errorf("split at %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestFrames_Invalid: invalid frames are errors.
func TestFrames_Invalid(t *testing.T) {
	for name, b := range map[string][]byte{
		"a fragment":                    frame(0x01, "a"),
		"a continuation":                frame(0x80, "a"),
		"a binary frame":                frame(0x82, "a"),
		"reserved bits":                 frame(0xc1, "a"),
		"a masked frame":                {0x81, 0x81, 0, 0, 0, 0, 'a'},
		"a long control frame":          frame(0x89, strings.Repeat("a", 126)),
		"a fragment of a control frame": frame(0x09, "a"),
		"a frame that is too long":      {0x81, 127, 0, 0, 0, 0, 0, 0x10, 0, 1},
		"a length of 2^63":              {0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := bench.ReadFrames(bytes.NewReader(append(frame(0x81, "good"), b...)))
			if errors.Is(err, io.EOF) {
				t.Error("got no error")
			}
			if diff := cmp.Diff([]bench.Frame{{Op: 1, Payload: "good"}}, got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzFrames reads bytes at once and byte by byte: both must give the same frames, with
// payloads that occur in the input.
func FuzzFrames(f *testing.F) {
	f.Add(sampleBytes())
	f.Add([]byte{0x81, 126, 0, 1, 'a', 0x89, 0, 0x81, 127, 0, 0, 0, 0, 0, 0, 0, 2, 'b'})
	f.Add([]byte{0x81, 0x81, 0, 0, 0, 0, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, err1 := bench.ReadFrames(bytes.NewReader(b))
		single, err2 := bench.ReadFrames(iotest.OneByteReader(bytes.NewReader(b)))
		if diff := cmp.Diff(whole, single); diff != "" || err1.Error() != err2.Error() {
			t.Errorf("got other frames byte by byte; errors %v and %v (-whole +single):\n%s", err1, err2, diff)
		}
		rest := b
		for _, x := range whole {
			i := bytes.Index(rest, []byte(x.Payload))
			if i < 0 {
				t.Fatalf("got payload %.80q, which is not in the input", x.Payload)
			}
			rest = rest[i+len(x.Payload):]
		}
	})
}
