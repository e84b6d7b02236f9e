package bench

import (
	"fmt"
	"slices"
	"sync"
)

// maxFirst is the number of faults that are described.
const maxFirst = 10

// fault is a kind of fault.
type fault int

const (
	misdelivered fault = iota
	missing
	duplicated
	broken
)

// faults counts faults. It is safe for concurrent use.
type faults struct {
	mu    sync.Mutex
	found Faults          // guarded by mu
	gaps  map[string]bool // guarded by mu: those seen so far
}

// maxGaps is the number of gaps that are distinguished.
const maxGaps = 1000

// gap counts the announcement of a gap, once for all sockets.
func (f *faults) gap(text []byte) {
	f.mu.Lock()
	known := f.gaps[string(text)]
	if f.gaps == nil {
		f.gaps = make(map[string]bool)
	}
	if len(f.gaps) < maxGaps {
		f.gaps[string(text)] = true
	}
	f.mu.Unlock()
	if !known {
		f.add(broken, 1, "the server announced that events may be lost: %.200s", text)
	}
}

// add counts n faults of a kind and keeps the description if it is among the first.
func (f *faults) add(kind fault, n int64, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch kind {
	case misdelivered:
		f.found.Misdelivered += n
	case missing:
		f.found.Missing += n
	case duplicated:
		f.found.Duplicated += n
	case broken:
		f.found.Broken += n
	}
	if len(f.found.First) < maxFirst {
		f.found.First = append(f.found.First, fmt.Sprintf(format, args...))
	}
}

func (f *faults) all() Faults {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := f.found
	found.First = slices.Clone(found.First)
	return found
}
