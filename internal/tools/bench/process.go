package bench

// Process is the id of a process on this machine.
type Process int
