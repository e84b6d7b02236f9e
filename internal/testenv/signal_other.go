//go:build !unix

package testenv

import (
	"errors"
	"syscall"
)

// Suspend and Continue exist only on Unix.
const (
	Suspend  = syscall.Signal(0x13)
	Continue = syscall.Signal(0x12)
)

// Signal returns an error: scripts/services, which starts the servers, needs Unix.
func Signal(int, syscall.Signal) error { return errors.ErrUnsupported }
