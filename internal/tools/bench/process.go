package bench

import "errors"

// ErrNoProcess says that CPU time and memory of other processes cannot be read on
// this system.
var ErrNoProcess = errors.New("CPU time and memory of a process are read on Linux alone")

// Process is a process on this machine, by its id.
type Process int
