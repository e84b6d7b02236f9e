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

// CPU returns the time that all threads of the process have run so far, in user
// and in kernel mode, to the nanosecond.
func (p Process) CPU() (time.Duration, error) {
	// The clock of a process: clock_getcpuclockid(3), as glibc makes its id.
	const processClock = 2
	clock := int32(^p)<<3 | processClock //nolint:gosec // ids of processes have 22 bits
	var ts syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&ts)), 0) //nolint:gosec // no other way without a library
	if errno != 0 {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", p, errno)
	}
	return time.Duration(ts.Nano()), nil
}

// Resident returns how much memory the process has resident, in bytes.
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
