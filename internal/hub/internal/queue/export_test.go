package queue

// Spare is spare.
const Spare = spare

// Held returns to how many items the queue refers, and its capacity.
func (q *Queue[T]) Held() (held, room int) {
	for _, item := range q.items[:cap(q.items)] {
		if item != nil {
			held++
		}
	}
	return held, cap(q.items)
}
