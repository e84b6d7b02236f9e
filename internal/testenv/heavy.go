package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// slotsVariable is the environment variable with the folder of the slots. scripts/services
// creates the folder, so all test processes of a run share it.
const slotsVariable = "RANGER_TEST_SLOTS"

// retrySlot is the interval at which a free slot is searched for.
const retrySlot = 20 * time.Millisecond

// Heavy waits until fewer heavy tests are running than there are CPUs (those that the
// process may use), in all packages together, and counts the calling test as one of them
// until it ends. Call it after t.Parallel in each test that loads the machine for seconds,
// with a separate broker, three or more nodes, a browser or a flood of messages; call it in
// a test or in its subtests, not in both. A test that has called it must not have parallel
// subtests: those would wait for tests of its package that wait for its slot. A process that dies frees its slots. Without
// scripts/services there is no limit.
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

// slots returns how many heavy tests may run at once. Only GOMAXPROCS considers the CPU
// limit of a container.
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
