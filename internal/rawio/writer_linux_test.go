package rawio_test

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"

	"ranger/internal/rawio"
)

func TestWriter_WritesWhatTheSystemTakes(t *testing.T) {
	near, far := tcpPair(t)
	raw := rawio.Of(near)
	var w rawio.Writer
	if rest, err := w.TryWrite(raw, []byte("text")); len(rest) != 0 || err != nil {
		t.Fatalf("TryWrite of 4 bytes = %d bytes left, %v; want none", len(rest), err)
	}
	large := bytes.Repeat([]byte("x"), 64<<20) // more than the system's buffers hold
	rest, err := w.TryWrite(raw, large)
	if len(rest) == 0 || len(rest) == len(large) || err != nil {
		t.Fatalf("TryWrite of %d bytes that nobody reads = %d bytes left, %v; want a part of them", len(large), len(rest), err)
	}
	again, err := w.TryWrite(raw, rest)
	if err != nil {
		t.Fatalf("TryWrite to a full socket: %v, want no error", err)
	}
	_ = near.Close()
	got, err := io.ReadAll(far)
	want := append([]byte("text"), large[:len(large)-len(again)]...)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the peer got %d bytes, %v; want the %d that were taken", len(got), err, len(want))
	}
}

func TestWriter_ReportsErrors(t *testing.T) {
	near, far := tcpPair(t)
	raw := rawio.Of(near)
	if err := far.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = far.Close() // with a reset
	_, _ = near.Read(make([]byte, 1))
	var w rawio.Writer
	if rest, err := w.TryWrite(raw, []byte("text")); string(rest) != "text" || !errors.Is(err, syscall.EPIPE) {
		t.Errorf("TryWrite after a reset = %q left, %v; want all of it and EPIPE", rest, err)
	}
	_ = near.Close()
	if rest, err := w.TryWrite(raw, []byte("text")); string(rest) != "text" || err == nil {
		t.Errorf("TryWrite to a closed socket = %q left, %v; want all of it and an error", rest, err)
	}
}

func TestWriter_DoesNotAllocate(t *testing.T) {
	near, far := tcpPair(t)
	raw, text, buf := rawio.Of(near), []byte("text"), make([]byte, 8)
	var w rawio.Writer
	if n := testing.AllocsPerRun(100, func() {
		_, _ = w.TryWrite(raw, text)
		_, _ = far.Read(buf)
	}); n > 0 {
		t.Errorf("a write takes %v allocations, want 0", n)
	}
}
