package journal

// ring is a first-in, first-out queue whose items are numbered from its first on.
// It grows by doubling, halves when a quarter is left, and lets go of all its
// memory when it empties.
type ring[T any] struct {
	slots []T    // as many as a power of two, or none
	first uint64 // number of the oldest item held
	next  uint64 // number that the next item gets
}

func (r *ring[T]) len() int { return int(r.next - r.first) } //nolint:gosec // no more than slots

// at returns the item with this number, which must be held.
func (r *ring[T]) at(number uint64) *T {
	return &r.slots[number&uint64(len(r.slots)-1)] //nolint:gosec // there are slots where there are items
}

// push adds an item and returns its number.
func (r *ring[T]) push(item T) uint64 {
	if r.len() == len(r.slots) {
		r.resize(max(2, 2*len(r.slots)))
	}
	*r.at(r.next) = item
	r.next++
	return r.next - 1
}

// pop drops the oldest item, which there must be, and returns it.
func (r *ring[T]) pop() T {
	var zero T
	slot := r.at(r.first)
	item := *slot
	*slot = zero
	r.first++
	switch r.len() {
	case 0:
		r.slots = nil
	case len(r.slots) / 4:
		r.resize(len(r.slots) / 2)
	}
	return item
}

func (r *ring[T]) resize(slots int) {
	resized := ring[T]{slots: make([]T, slots)}
	for n := r.first; n != r.next; n++ {
		*resized.at(n) = *r.at(n)
	}
	r.slots = resized.slots
}
