package bench

import (
	"sync"
	"time"
)

// meter reads the CPU time and memory of the server's process. It is safe for concurrent
// use.
type meter struct {
	process Process // fixed at construction; 0: unknown

	mu    sync.Mutex
	first error // guarded by mu: of reading the process
}

// known reports whether the server's process is known.
func (m *meter) known() bool { return m.process != 0 }

// cpu returns the server's CPU time so far; 0 if unknown.
func (m *meter) cpu() time.Duration {
	if !m.known() {
		return 0
	}
	d, err := m.process.CPU()
	m.note(err)
	return d
}

// resident returns the server's resident memory in bytes; 0 if unknown.
func (m *meter) resident() int64 {
	if !m.known() {
		return 0
	}
	n, err := m.process.Resident()
	m.note(err)
	return n
}

// note keeps the first error.
func (m *meter) note(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first == nil {
		m.first = err
	}
}

// err returns the first error of reading the process.
func (m *meter) err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.first
}
