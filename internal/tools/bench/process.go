package bench

import "errors"

// ErrNoProcess reports that this system does not provide the CPU time and memory of
// other processes.
var ErrNoProcess = errors.New("CPU time and memory of a process can be read only on Linux")

// Process is the id of a process on this machine.
type Process int
