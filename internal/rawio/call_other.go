//go:build !linux

package rawio

import "syscall"

// supported is false: Of returns nil, so no call is ever made.
const supported = false

type caller struct{}

func (*caller) read(uintptr, []byte) (int, error) { return 0, syscall.EAGAIN }

func (*caller) write(uintptr, []byte) (int, error) { return 0, syscall.EAGAIN }
