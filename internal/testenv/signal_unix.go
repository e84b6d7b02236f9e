//go:build unix

package testenv

import "syscall"

// Signals that suspend a process and let it continue.
const (
	Suspend  = syscall.SIGSTOP
	Continue = syscall.SIGCONT
)

// Signal sends a signal to a process. Signal 0 only checks that the process exists; the
// error is syscall.ESRCH if it does not.
func Signal(pid int, s syscall.Signal) error { return syscall.Kill(pid, s) }
