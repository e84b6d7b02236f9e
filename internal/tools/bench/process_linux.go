package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// CPU returns the CPU time of all threads of the process so far, in user and kernel
// mode, with nanosecond resolution.
func (p Process) CPU() (time.Duration, error) {
	// The id of a process's CPU clock, as glibc computes it: clock_getcpuclockid(3).
	const processClock = 2
	clock := int32(^p)<<3 | processClock //nolint:gosec // process ids have 22 bits
	var ts syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&ts)), 0) //nolint:gosec // no other way without a library
	if errno != 0 {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", p, errno)
	}
	return time.Duration(ts.Nano()), nil
}

// Resident returns the resident memory of the process in bytes.
func (p Process) Resident() (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(int(p)) + "/statm")
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", p, err)
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("read the memory of process %d: statm is %q", p, text)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", p, err)
	}
	return pages * int64(os.Getpagesize()), nil
}
