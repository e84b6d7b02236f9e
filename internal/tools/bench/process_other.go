//go:build !linux

package bench

import (
	"errors"
	"time"
)

// errNoProcess reports that this system does not provide the CPU time and memory of
// other processes.
var errNoProcess = errors.New("CPU time and memory of a process can be read only on Linux")

// CPU returns errNoProcess.
func (p Process) CPU() (time.Duration, error) { return 0, errNoProcess }

// Resident returns errNoProcess.
func (p Process) Resident() (int64, error) { return 0, errNoProcess }
