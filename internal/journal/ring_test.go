package journal_test

import (
	"testing"

	"pgregory.net/rapid"

	"ranger/internal/journal"
)

func TestRing_IsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ring journal.Ring
		var model []int
		item, first := 0, uint64(0) // next item, number of the oldest
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			for range rapid.IntRange(0, 50).Draw(t, "pushes") {
				if got, want := ring.Push(item), first+uint64(len(model)); got != want {
					t.Fatalf("item %d got the number %d, want %d", item, got, want)
				}
				model = append(model, item)
				item++
			}
			for range rapid.IntRange(0, len(model)).Draw(t, "pops") {
				if got := ring.Pop(); got != model[0] {
					t.Fatalf("popped %d, want %d", got, model[0])
				}
				model, first = model[1:], first+1
			}
			for range rapid.IntRange(0, len(model)).Draw(t, "newest") {
				last := len(model) - 1
				if got := ring.PopNewest(); got != model[last] {
					t.Fatalf("popped %d, want the newest, %d", got, model[last])
				}
				model = model[:last]
			}
			if ring.Len() != len(model) {
				t.Fatalf("len %d, want %d", ring.Len(), len(model))
			}
			for i, want := range model {
				if got := ring.At(first + uint64(i)); got != want {
					t.Fatalf("item %d is %d, want %d", first+uint64(i), got, want)
				}
			}
		}
	})
}

// A ring has little spare room, and moves each item only a few times, however it grew
// or shrank.
func TestRing_SpareRoomAndMovesAreBounded(t *testing.T) {
	var ring journal.Ring
	moves, slots := 0, 0
	check := func() {
		t.Helper()
		// The allocator rounds up to a multiple of two, and by an eighth at most.
		if most := max(4, ring.Len()*9/5); ring.Len() > 0 && ring.Slots() > most || ring.Len() == 0 && ring.Slots() != 0 {
			t.Fatalf("%d slots for %d items, want at most %d", ring.Slots(), ring.Len(), most)
		}
		if ring.Slots() != slots {
			slots, moves = ring.Slots(), moves+ring.Len()
		}
	}
	const n = 10_000
	for i := range n {
		ring.Push(i)
		check()
	}
	for range n * 9 / 10 {
		ring.Pop()
		check()
	}
	for i := range n { // as a full log does
		ring.Push(i)
		check()
		ring.Pop()
		check()
	}
	for ring.Len() > 0 {
		ring.PopNewest()
		check()
	}
	if most := 6 * n * 2; moves > most {
		t.Errorf("%d moves for %d items pushed, want at most %d", moves, 2*n, most)
	}
}
