package exchange

import "slices"

// history holds the last items of a kind, oldest first, up to a limit.
type history[T any] struct {
	items []T
	bound int // above zero
}

// add adds an item. If the history was full, it returns the removed oldest item and true.
func (h *history[T]) add(item T) (dropped T, ok bool) {
	h.items = append(h.items, item)
	if len(h.items) <= h.bound {
		return dropped, false
	}
	var none T
	dropped, h.items[0] = h.items[0], none // frees it before the array
	h.items = h.items[1:]
	return dropped, true
}

// newest returns copies of the wanted items, newest first.
func newest[T any](h history[*T], wanted func(*T) bool) []T {
	var found []T
	for _, item := range slices.Backward(h.items) {
		if wanted(item) {
			found = append(found, *item)
		}
	}
	return found
}
