//go:build !linux

package bench

import "time"

// CPU returns ErrNoProcess.
func (p Process) CPU() (time.Duration, error) { return 0, ErrNoProcess }

// Resident returns ErrNoProcess.
func (p Process) Resident() (int64, error) { return 0, ErrNoProcess }
