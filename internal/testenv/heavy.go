package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// slotsVariable names the folder of the slots. scripts/services makes it, so all
// test processes of a run share it.
const slotsVariable = "RANGER_TEST_SLOTS"

// retrySlot is how long to wait before looking for a free slot again.
const retrySlot = 20 * time.Millisecond

// Heavy waits until fewer heavy tests run than there are CPUs (the process's, if it
// may use fewer than the machine has), in all packages together, and counts the
// calling test as one of them until it ends. Call it after t.Parallel, in each test
// that loads the machine for seconds: one with a broker of its own, three or more
// nodes, a browser or a flood of messages; in a test or in its subtests, not in both.
// A process that dies frees its slots. Without scripts/services nothing bounds them.
func Heavy(tb testing.TB) {
	tb.Helper()
	dir := os.Getenv(slotsVariable) //nolint:forbidigo // set by scripts/services
	if dir == "" {
		return
	}
	slot, err := takeSlot(tb, dir, slots())
	if err != nil {
		tb.Fatalf("take a slot for a heavy test: %v", err)
	}
	tb.Cleanup(func() { _ = slot.Close() })
}

// slots is how many heavy tests may run at once. GOMAXPROCS knows of a container's
// share of the CPUs, NumCPU does not.
func slots() int { return min(runtime.NumCPU(), runtime.GOMAXPROCS(0)) }

// takeSlot locks one of n files in dir. Closing the file frees the slot.
func takeSlot(tb testing.TB, dir string, n int) (*os.File, error) {
	tick := time.NewTicker(retrySlot)
	defer tick.Stop()
	for {
		for i := range n {
			f, err := os.OpenFile(filepath.Join(dir, fmt.Sprint(i)), os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				return nil, err
			}
			locked, err := tryLock(f)
			if locked {
				return f, nil
			}
			_ = f.Close()
			if err != nil {
				return nil, err
			}
		}
		select {
		case <-tick.C:
		case <-tb.Context().Done():
			return nil, tb.Context().Err()
		}
	}
}
