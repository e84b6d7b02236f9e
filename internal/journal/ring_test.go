package journal_test

import (
	"testing"

	"pgregory.net/rapid"

	"ranger/internal/journal"
)

func TestRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ring journal.Ring
		var model []int
		pushed, popped := 0, 0
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			for range rapid.IntRange(0, 50).Draw(t, "pushes") {
				if got := ring.Push(pushed); got != uint64(pushed) {
					t.Fatalf("item %d got the number %d", pushed, got)
				}
				model = append(model, pushed)
				pushed++
			}
			for range rapid.IntRange(0, len(model)).Draw(t, "pops") {
				if got := ring.Pop(); got != model[0] {
					t.Fatalf("popped %d, want %d", got, model[0])
				}
				model = model[1:]
				popped++
			}
			if ring.Len() != pushed-popped {
				t.Fatalf("len %d, want %d", ring.Len(), pushed-popped)
			}
			if most := max(2, 4*len(model)); len(model) > 0 && ring.Slots() > most || len(model) == 0 && ring.Slots() != 0 {
				t.Fatalf("%d slots for %d items", ring.Slots(), len(model))
			}
		}
	})
}
