//go:build !linux

package bench

import "time"

// CPU returns errNoProcess.
func (p Process) CPU() (time.Duration, error) { return 0, errNoProcess }

// Resident returns errNoProcess.
func (p Process) Resident() (int64, error) { return 0, errNoProcess }
