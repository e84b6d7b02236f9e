package journal

import (
	"slices"
	"sort"
)

// ring is a queue whose items are numbered from its first on. It takes a quarter
// more slots when it is full, gives some back when three eighths are free, and
// lets go of all its memory when it empties.
type ring[T any] struct {
	slots []T
	first uint64 // number of the oldest item held
	next  uint64 // number that the next item gets
}

func (r *ring[T]) len() int { return int(r.next - r.first) } //nolint:gosec // no more than slots

// at returns the item with this number, which must be held.
func (r *ring[T]) at(number uint64) *T { return &r.slots[number%uint64(len(r.slots))] }

// oldest and newest return the items at the ends, which there must be.
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

// pop drops the oldest item, which there must be, and returns it.
func (r *ring[T]) pop() T {
	item := r.take(r.first)
	r.first++
	r.shrink()
	return item
}

// popNewest drops the newest item, which there must be, and returns it. The next
// item gets its number again.
func (r *ring[T]) popNewest() T {
	r.next--
	item := r.take(r.next)
	r.shrink()
	return item
}

// take empties a slot, so that nothing is held by it, and returns what it held.
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

// room is how many slots a ring gets for n items.
func room(n int) int { return n + n/4 + 1 }

func (r *ring[T]) resize() {
	slots := slices.Grow([]T(nil), room(r.len()))
	resized := ring[T]{slots: slots[:cap(slots)]} // what the allocator gives is used
	for n := r.first; n != r.next; n++ {
		*resized.at(n) = *r.at(n)
	}
	r.slots = resized.slots
}

// search returns the number of the first item for which is is true, which must be
// so for all behind it; the next number where there is none.
func (r *ring[T]) search(is func(*T) bool) uint64 {
	i := sort.Search(r.len(), func(i int) bool {
		return is(r.at(r.first + uint64(i))) //nolint:gosec // never negative
	})
	return r.first + uint64(i) //nolint:gosec // never negative
}
