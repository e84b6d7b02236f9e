package ring_test

import (
	"testing"

	"pgregory.net/rapid"

	"ranger/internal/journal/internal/ring"
)

// slot is an item as large as an entry of the journal.
type slot struct {
	n int
	_ [5]int64
}

func TestRing_IsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var queue ring.Ring[slot]
		var model []int
		item, first := 0, uint64(0) // next item, number of the oldest
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			for range rapid.IntRange(0, 50).Draw(t, "pushes") {
				if got, want := queue.Push(slot{n: item}), first+uint64(len(model)); got != want {
					t.Fatalf("item %d got the number %d, want %d", item, got, want)
				}
				model = append(model, item)
				item++
			}
			for range rapid.IntRange(0, len(model)).Draw(t, "pops") {
				if got := queue.Pop().n; got != model[0] {
					t.Fatalf("popped %d, want %d", got, model[0])
				}
				model, first = model[1:], first+1
			}
			for range rapid.IntRange(0, len(model)).Draw(t, "newest") {
				last := len(model) - 1
				if got := queue.PopNewest().n; got != model[last] {
					t.Fatalf("popped %d, want the newest, %d", got, model[last])
				}
				model = model[:last]
			}
			if queue.Len() != len(model) {
				t.Fatalf("len %d, want %d", queue.Len(), len(model))
			}
			for i, want := range model {
				if got := queue.At(first + uint64(i)).n; got != want {
					t.Fatalf("item %d is %d, want %d", first+uint64(i), got, want)
				}
			}
		}
	})
}

// A ring has little spare room, and moves each item only a few times, however it grew
// or shrank.
func TestRing_SpareRoomAndMovesAreBounded(t *testing.T) {
	var queue ring.Ring[slot]
	moves, slots := 0, 0
	check := func() {
		t.Helper()
		// The allocator rounds up to a multiple of two, and by an eighth at most.
		if most := max(4, queue.Len()*9/5); queue.Len() > 0 && queue.Slots() > most || queue.Len() == 0 && queue.Slots() != 0 {
			t.Fatalf("%d slots for %d items, want at most %d", queue.Slots(), queue.Len(), most)
		}
		if queue.Slots() != slots {
			slots, moves = queue.Slots(), moves+queue.Len()
		}
	}
	const n = 10_000
	for i := range n {
		queue.Push(slot{n: i})
		check()
	}
	for range n * 9 / 10 {
		queue.Pop()
		check()
	}
	for i := range n { // as a full log does
		queue.Push(slot{n: i})
		check()
		queue.Pop()
		check()
	}
	for queue.Len() > 0 {
		queue.PopNewest()
		check()
	}
	if most := 6 * n * 2; moves > most {
		t.Errorf("%d moves for %d items pushed, want at most %d", moves, 2*n, most)
	}
}
