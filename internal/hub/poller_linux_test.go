package hub_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"ranger/internal/hub"
)

// Who finds another at its descriptor, which was closed and is its own now, is
// told whom to wake.
func TestPutWhereAnotherRests(t *testing.T) {
	p := hub.NewPoller()
	one, two := new(hub.Sleeper), new(hub.Sleeper)
	if before, ok := p.Put(7, one); before != nil || !ok {
		t.Fatalf("the first was put: %v, somebody before: %v", ok, before != nil)
	}
	if before, ok := p.Put(7, two); before != one || !ok {
		t.Fatalf("the second was put: %v, the first was found: %v", ok, before == one)
	}
	if p.Take(one) || !p.Take(two) || p.Take(two) {
		t.Error("not the second alone could be taken, once")
	}
	if p.TakeAt(7) != nil {
		t.Error("somebody rests where both were taken")
	}
	_, _ = p.Put(9, two)
	if all := p.Close(); len(all) != 1 || all[0] != two {
		t.Errorf("%d rested at the end, want the second", len(all))
	}
	if _, ok := p.Put(9, one); ok || p.Take(one) || p.Take(two) {
		t.Error("somebody rests at a poller that is closed")
	}
}

// Each rest is ended by one alone, whoever tries.
func TestEachRestEndsOnce(t *testing.T) {
	const sleepers, rests, descriptors = 8, 2000, 8
	p := hub.NewPoller()
	sessions := make([]*hub.Sleeper, sleepers)
	awake := make(map[*hub.Sleeper]chan struct{}) // fixed before others read it
	for i := range sessions {
		sessions[i] = new(hub.Sleeper)
		awake[sessions[i]] = make(chan struct{}, 2*sleepers)
	}
	wake := func(s *hub.Sleeper) {
		if s != nil {
			awake[s] <- struct{}{}
		}
	}
	var done atomic.Int64
	var all, takers sync.WaitGroup
	for i, s := range sessions {
		all.Go(func() {
			for n := range rests {
				before, ok := p.Put((i+n)%descriptors, s)
				wake(before)
				if !ok {
					t.Error("the poller is closed")
					return
				}
				<-awake[s]
			}
		})
	}
	takers.Go(func() {
		for fd := 0; done.Load() == 0; fd++ {
			runtime.Gosched() // others are to lie down
			if fd%2 == 0 {
				wake(p.TakeAt(fd % descriptors))
			} else if s := sessions[fd/2%sleepers]; p.Take(s) {
				wake(s)
			}
		}
	})
	all.Wait()
	done.Store(1)
	takers.Wait()
	for i, s := range sessions {
		if n := len(awake[s]); n != 0 || p.Take(s) {
			t.Errorf("sleeper %d was woken %d times too often, or rests", i, n)
		}
	}
}
