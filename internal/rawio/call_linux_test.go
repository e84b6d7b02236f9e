package rawio_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"ranger/internal/rawio"
)

// pipe returns the ends of a pipe whose reads and writes do not block.
func pipe(t *testing.T) (read, write uintptr) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Close(fds[0])
		_ = syscall.Close(fds[1]) // a test may have closed it
	})
	return uintptr(fds[0]), uintptr(fds[1])
}

func TestCaller_ReadsAndWritesBeyondTheUnseenCalls(t *testing.T) {
	read, write := pipe(t)
	var caller rawio.Caller
	var buf [8]byte
	for i := range 5000 {
		text := []byte{byte(i), byte(i >> 8), 'x'}
		if n, err := caller.Write(write, text); n != len(text) || err != nil {
			t.Fatalf("call %d: Write = %d, %v", i, n, err)
		}
		n, err := caller.Read(read, buf[:])
		if err != nil || !bytes.Equal(buf[:n], text) {
			t.Fatalf("call %d: Read = %q, %v; want %q", i, buf[:n], err, text)
		}
	}
}

// The scheduler must see one call after so many in a row, and none if the goroutine had
// to wait in between.
func TestCaller_SchedulerSeesOneCallInARow(t *testing.T) {
	read, _ := pipe(t)
	for _, waits := range []bool{false, true} {
		var caller rawio.Caller
		seen := 0
		for i := range 3 * (rawio.MaxUnseen + 1) {
			if caller.MustBeSeen() {
				seen++
			}
			if waits && i%rawio.MaxUnseen == rawio.MaxUnseen/2 {
				if _, err := caller.Read(read, make([]byte, 1)); !errors.Is(err, syscall.EAGAIN) {
					t.Fatalf("Read of an empty pipe: %v, want EAGAIN", err)
				}
			}
		}
		if want := map[bool]int{false: 3, true: 0}[waits]; seen != want {
			t.Errorf("with waits in between %t: the scheduler saw %d calls, want %d", waits, seen, want)
		}
	}
}

func TestCaller_FailsInsteadOfWaiting(t *testing.T) {
	read, write := pipe(t)
	var caller rawio.Caller
	var buf [1024]byte
	if n, err := caller.Read(read, buf[:]); n != 0 || !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("Read of an empty pipe = %d, %v; want EAGAIN", n, err)
	}
	for {
		n, err := caller.Write(write, buf[:])
		if errors.Is(err, syscall.EAGAIN) {
			break
		}
		if n == 0 || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
}

func TestCaller_EndAndErrors(t *testing.T) {
	read, write := pipe(t)
	if err := syscall.Close(int(write)); err != nil {
		t.Fatal(err)
	}
	var caller rawio.Caller
	if n, err := caller.Read(read, make([]byte, 8)); n != 0 || err != nil {
		t.Errorf("Read at the end = %d, %v; want 0 and no error", n, err)
	}
	if _, err := caller.Read(^uintptr(0), make([]byte, 8)); !errors.Is(err, syscall.EBADF) {
		t.Errorf("Read of no descriptor: %v; want EBADF", err)
	}
	if n, err := caller.Read(read, nil); n != 0 || err != nil {
		t.Errorf("Read into nothing = %d, %v; want 0 and no error", n, err)
	}
}

func BenchmarkCaller(b *testing.B) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = syscall.Close(fds[0]) }()
	defer func() { _ = syscall.Close(fds[1]) }()
	b.ReportAllocs()
	buf := make([]byte, 64)
	b.Run("raw", func(b *testing.B) {
		var caller rawio.Caller
		for b.Loop() {
			_, _ = caller.Write(uintptr(fds[1]), buf)
			_, _ = caller.Read(uintptr(fds[0]), buf)
		}
	})
	b.Run("ordinary", func(b *testing.B) {
		for b.Loop() {
			_, _ = syscall.Write(fds[1], buf)
			_, _ = syscall.Read(fds[0], buf)
		}
	})
}
