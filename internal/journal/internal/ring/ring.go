// Package ring is a queue in a ring of slots.
package ring

import (
	"slices"
	"sort"
)

// Ring is a queue whose items are numbered consecutively. It gets a quarter more slots
// when it is full, shrinks when three eighths are free, and frees all its memory
// when it is empty.
type Ring[T any] struct {
	slots []T
	first uint64 // number of the oldest item
	next  uint64 // number of the next item to add
}

// First returns the number of the oldest item, or of the next one to add if there is none.
func (r *Ring[T]) First() uint64 { return r.first }

// Next returns the number of the next item to add.
func (r *Ring[T]) Next() uint64 { return r.next }

// Len returns the number of items.
func (r *Ring[T]) Len() int { return int(r.next - r.first) } //nolint:gosec // no more than slots

// At returns the item with this number, which must be in the ring.
func (r *Ring[T]) At(number uint64) *T { return &r.slots[number%uint64(len(r.slots))] }

// Oldest returns the oldest item. The ring must not be empty.
func (r *Ring[T]) Oldest() *T { return r.At(r.first) }

// Newest returns the newest item. The ring must not be empty.
func (r *Ring[T]) Newest() *T { return r.At(r.next - 1) }

// Push adds an item and returns its number.
func (r *Ring[T]) Push(item T) uint64 {
	if r.Len() == len(r.slots) {
		r.resize()
	}
	*r.At(r.next) = item
	r.next++
	return r.next - 1
}

// Pop removes the oldest item and returns it. The ring must not be empty.
func (r *Ring[T]) Pop() T {
	item := r.take(r.first)
	r.first++
	r.shrink()
	return item
}

// PopNewest removes the newest item and returns it. The ring must not be empty. The
// next item gets its number again.
func (r *Ring[T]) PopNewest() T {
	r.next--
	item := r.take(r.next)
	r.shrink()
	return item
}

// take empties a slot, so that what it referred to can be freed, and returns its item.
func (r *Ring[T]) take(number uint64) T {
	var zero T
	slot := r.At(number)
	item := *slot
	*slot = zero
	return item
}

func (r *Ring[T]) shrink() {
	switch n := r.Len(); {
	case n == 0:
		r.slots = nil
	case 8*n <= 5*len(r.slots) && room(n) < len(r.slots):
		r.resize()
	}
}

// room returns the number of slots of a ring for n items.
func room(n int) int { return n + n/4 + 1 }

func (r *Ring[T]) resize() {
	slots := slices.Grow([]T(nil), room(r.Len()))
	resized := Ring[T]{slots: slots[:cap(slots)]} // uses all that the allocator gives
	for n := r.first; n != r.next; n++ {
		*resized.At(n) = *r.At(n)
	}
	r.slots = resized.slots
}

// Search returns the number of the first item for which match returns true, or next if
// there is none. It must be true for all items after one for which it is true.
func (r *Ring[T]) Search(match func(*T) bool) uint64 {
	i := sort.Search(r.Len(), func(i int) bool {
		return match(r.At(r.first + uint64(i))) //nolint:gosec // never negative
	})
	return r.first + uint64(i) //nolint:gosec // never negative
}
