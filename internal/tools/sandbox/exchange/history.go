package exchange

import "slices"

// history is the last items of a kind, oldest first, up to a bound.
type history[T any] struct {
	items []T
	bound int // above zero
}

// add adds an item. It returns the oldest, and true, where that one had to go.
func (h *history[T]) add(item T) (dropped T, ok bool) {
	h.items = append(h.items, item)
	if len(h.items) <= h.bound {
		return dropped, false
	}
	var none T
	dropped, h.items[0] = h.items[0], none // the array outlives its first items
	h.items = h.items[1:]
	return dropped, true
}

// newest returns copies of the items that are wanted, the newest first.
func newest[T any](h history[*T], wanted func(*T) bool) []T {
	var found []T
	for _, item := range slices.Backward(h.items) {
		if wanted(item) {
			found = append(found, *item)
		}
	}
	return found
}
