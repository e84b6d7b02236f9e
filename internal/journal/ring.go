package journal

import (
	"slices"
	"sort"
)

// ring is a queue whose items are numbered consecutively. It gets a quarter more slots
// when it is full, shrinks when three eighths are free, and frees all its memory
// when it is empty.
type ring[T any] struct {
	slots []T
	first uint64 // number of the oldest item
	next  uint64 // number of the next item to add
}

func (r *ring[T]) len() int { return int(r.next - r.first) } //nolint:gosec // no more than slots

// at returns the item with this number, which must be in the ring.
func (r *ring[T]) at(number uint64) *T { return &r.slots[number%uint64(len(r.slots))] }

// oldest and newest return the items at the ends. The ring must not be empty.
func (r *ring[T]) oldest() *T { return r.at(r.first) }

func (r *ring[T]) newest() *T { return r.at(r.next - 1) }

// push adds an item and returns its number.
func (r *ring[T]) push(item T) uint64 {
	if r.len() == len(r.slots) {
		r.resize()
	}
	*r.at(r.next) = item
	r.next++
	return r.next - 1
}

// pop removes the oldest item and returns it. The ring must not be empty.
func (r *ring[T]) pop() T {
	item := r.take(r.first)
	r.first++
	r.shrink()
	return item
}

// popNewest removes the newest item and returns it. The ring must not be empty. The
// next item gets its number again.
func (r *ring[T]) popNewest() T {
	r.next--
	item := r.take(r.next)
	r.shrink()
	return item
}

// take empties a slot, so that what it referred to can be freed, and returns its item.
func (r *ring[T]) take(number uint64) T {
	var zero T
	slot := r.at(number)
	item := *slot
	*slot = zero
	return item
}

func (r *ring[T]) shrink() {
	switch n := r.len(); {
	case n == 0:
		r.slots = nil
	case 8*n <= 5*len(r.slots) && room(n) < len(r.slots):
		r.resize()
	}
}

// room returns the number of slots of a ring for n items.
func room(n int) int { return n + n/4 + 1 }

func (r *ring[T]) resize() {
	slots := slices.Grow([]T(nil), room(r.len()))
	resized := ring[T]{slots: slots[:cap(slots)]} // uses all that the allocator gives
	for n := r.first; n != r.next; n++ {
		*resized.at(n) = *r.at(n)
	}
	r.slots = resized.slots
}

// search returns the number of the first item for which match returns true, or next if
// there is none. It must be true for all items after one for which it is true.
func (r *ring[T]) search(match func(*T) bool) uint64 {
	i := sort.Search(r.len(), func(i int) bool {
		return match(r.at(r.first + uint64(i))) //nolint:gosec // never negative
	})
	return r.first + uint64(i) //nolint:gosec // never negative
}
