package park_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"ranger/internal/hub/internal/park"
)

// bell is a Waker that counts its notifications.
type bell chan struct{}

func newBell() bell { return make(bell, 64) }

func (b bell) Readable() { b <- struct{}{} }

func notify(w park.Waker) {
	if w != nil {
		w.Readable()
	}
}

// A socket that gets the descriptor of one that was closed while it was parked finds
// that one's waker.
func TestTable_DescriptorOfAClosedSocket(t *testing.T) {
	var table park.Table
	one, two := newBell(), newBell()
	if before, ok := table.Put(7, one); before != nil || !ok {
		t.Fatalf("Put of the first = %v, %v; want nil, true", before, ok)
	}
	if before, ok := table.Put(7, two); before != one || !ok {
		t.Fatalf("Put of the second = %v, %v; want the first, true", before, ok)
	}
	if table.Take(7, one) {
		t.Error("Take of the first = true, want false: the second has its descriptor")
	}
	if !table.Take(7, two) || table.Take(7, two) {
		t.Error("Take of the second is not true exactly once")
	}
	if w := table.TakeAt(7); w != nil {
		t.Errorf("TakeAt = %v, want nil", w)
	}
	_, _ = table.Put(9, two)
	if all := table.Close(); len(all) != 1 || all[0] != two {
		t.Errorf("Close = %v, want the second", all)
	}
	if _, ok := table.Put(9, one); ok || table.Take(9, one) || table.Take(9, two) {
		t.Error("a waker is parked in a closed table")
	}
}

// Each Put is ended exactly once, by whatever goroutine.
func TestTable_EachPutEndsOnce(t *testing.T) {
	const wakers, puts, descriptors = 8, 2000, 8
	var table park.Table
	bells := make([]bell, wakers)
	for i := range bells {
		bells[i] = newBell()
	}
	var done atomic.Int64
	var all, takers sync.WaitGroup
	for i, b := range bells {
		all.Go(func() {
			for n := range puts {
				before, ok := table.Put((i+n)%descriptors, b)
				notify(before)
				if !ok {
					t.Error("Put = false, want true")
					return
				}
				<-b
			}
		})
	}
	takers.Go(func() {
		for fd := 0; done.Load() == 0; fd++ {
			runtime.Gosched() // lets others put
			if fd%2 == 0 {
				notify(table.TakeAt(fd % descriptors))
			} else if b := bells[fd/2%wakers]; table.Take(fd/(2*wakers)%descriptors, b) {
				b.Readable()
			}
		}
	})
	all.Wait()
	done.Store(1)
	takers.Wait()
	for i, b := range bells {
		parked := false
		for fd := range descriptors {
			parked = parked || table.Take(fd, b)
		}
		if n := len(b); n != 0 || parked {
			t.Errorf("waker %d was notified %d times too often, or is parked", i, n)
		}
	}
}
