package queue_test

import (
	"testing"

	"ranger/internal/hub/internal/queue"
)

type item struct{ _ int }

// Each item is popped once and in order, whatever the mix, and an empty queue keeps little
// room. Each byte is how many items are pushed, or popped.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 129, 2, 130, 255})
	f.Add([]byte{100, 100, 100, 200, 100, 228, 5, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, steps []byte) {
		const scale = 41 // so that few steps pass the bounds
		q := new(queue.Queue[item])
		var want []*item
		for _, step := range steps {
			for range int(step&127) * scale {
				if step < 128 {
					w := new(item)
					want = append(want, w)
					q.Push(w)
				} else if len(want) > 0 {
					if got := q.Pop(); got != want[0] {
						t.Fatalf("Pop with %d items = %p, want the oldest, %p", len(want), got, want[0])
					}
					want = want[1:]
				}
			}
			if held, room := q.Held(); held != len(want) || room < held {
				t.Errorf("the queue refers to %d items in room for %d, want %d", held, room, len(want))
			}
		}
		for _, w := range want {
			if got := q.Pop(); got != w {
				t.Fatalf("Pop = %p, want the oldest, %p", got, w)
			}
		}
		if w := q.Pop(); w != nil {
			t.Errorf("Pop of an empty queue = %p, want nil", w)
		}
		if held, room := q.Held(); held != 0 || room > queue.Spare {
			t.Errorf("an empty queue refers to %d items in room for %d, want 0 and at most %d", held, room, queue.Spare)
		}
	})
}

// The queue does not grow with the number of items that pass through it, nor keep them.
func TestQueue_IsCompacted(t *testing.T) {
	q := new(queue.Queue[item])
	for range 500 {
		q.Push(new(item))
	}
	for range 100_000 {
		q.Push(new(item))
		q.Pop()
	}
	if held, room := q.Held(); held != 500 || room > 8*queue.Spare {
		t.Errorf("the queue refers to %d items in room for %d, want 500 and at most %d", held, room, 8*queue.Spare)
	}
}
