// Package queue is a first-in, first-out queue that does not keep the memory of its
// greatest length.
package queue

// Queue is a queue of pointers. Its zero value is empty. It is not safe for concurrent
// use.
type Queue[T any] struct {
	items []*T
	taken int // items taken from the front
}

// spare is the number of items for which an empty queue keeps room.
const spare = 1024

// Len returns the number of items.
func (q *Queue[T]) Len() int { return len(q.items) - q.taken }

// Push adds an item.
func (q *Queue[T]) Push(item *T) { q.items = append(q.items, item) }

// Pop removes the oldest item and returns it, or nil if there is none.
func (q *Queue[T]) Pop() *T {
	if q.Len() == 0 {
		return nil
	}
	item := q.items[q.taken]
	q.items[q.taken] = nil
	q.taken++
	switch {
	case q.taken == len(q.items):
		q.items, q.taken = q.items[:0], 0
		if cap(q.items) > spare {
			q.items = nil
		}
	case q.taken > len(q.items)/2 && q.taken > spare:
		n := copy(q.items, q.items[q.taken:])
		clear(q.items[n:])
		q.items, q.taken = q.items[:n], 0
	}
	return item
}
