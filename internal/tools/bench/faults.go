package bench

import (
	"fmt"
	"slices"
	"sync"
)

// maxFirst is how many faults are told in words.
const maxFirst = 10

// fault is a kind of what must not happen.
type fault int

const (
	misdelivered fault = iota
	missing
	twice
	broken
)

// faults counts what must not happen. It is safe for concurrent use.
type faults struct {
	mu    sync.Mutex
	found Faults          // guarded by mu
	gaps  map[string]bool // guarded by mu: those that were told
}

// maxGaps is how many gaps are told apart.
const maxGaps = 1000

// gap counts a gap that was announced, once for all sockets that were told it.
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

// add counts n faults of a kind and keeps what is said of them, if they are of
// the first.
func (f *faults) add(kind fault, n int64, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch kind {
	case misdelivered:
		f.found.Misdelivered += n
	case missing:
		f.found.Missing += n
	case twice:
		f.found.Twice += n
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
