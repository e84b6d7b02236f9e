// Package rawio makes system calls that do not wait, past Go's scheduler. An ordinary
// one tells it that the goroutine might be gone for long; where the process was idle a
// moment before, that wakes the thread that looks after such goroutines, and it
// looks ten thousand times a second for as long as there is anything to do. For a read or
// a write of a few microseconds that is a tenth of what a delivery takes.
package rawio
