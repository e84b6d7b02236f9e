package ring

// Slots returns the capacity.
func (r *Ring[T]) Slots() int { return len(r.slots) }
