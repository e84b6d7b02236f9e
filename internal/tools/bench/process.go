package bench

import "errors"

// errNoProcess reports that this system does not provide the CPU time and memory of
// other processes.
var errNoProcess = errors.New("CPU time and memory of a process can be read only on Linux")

// Process is the id of a process on this machine.
type Process int
