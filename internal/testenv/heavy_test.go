//go:build unix

package testenv_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"ranger/internal/testenv"
)

// TestHeavy: a test has a slot of its own until it ends, and waits while none is free.
func TestHeavy(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("RANGER_TEST_SLOTS", dir)
	slots := min(runtime.NumCPU(), runtime.GOMAXPROCS(0))
	for i := range slots - 1 {
		lock(t, dir, i)
	}
	waits, freed := make(chan struct{}), make(chan struct{})
	t.Run("the last slot", func(t *testing.T) {
		testenv.Heavy(t)
		if f := open(t, dir, slots-1); syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			t.Error("got a free slot while its test is running")
		}
	})
	last := lock(t, dir, slots-1) // free again
	go func() {
		<-waits
		close(freed)
		_ = last.Close()
	}()
	t.Run("no slot", func(t *testing.T) {
		close(waits)
		testenv.Heavy(t)
		select {
		case <-freed:
		default:
			t.Error("a test started while no slot was free")
		}
	})
}

func open(t *testing.T, dir string, slot int) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(slot)), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// lock takes a slot as another process would.
func lock(t *testing.T, dir string, slot int) *os.File {
	t.Helper()
	f := open(t, dir, slot)
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatalf("slot %d is not free: %v", slot, err)
	}
	return f
}
