package barong

import (
	"slices"
	"sync"

	"ranger/internal/event"
)

// owned keeps values by id, a bounded number for each owner. Values go in and out as
// copies. Safe for concurrent use.
type owned[T any] struct {
	limit int // fixed at construction

	mu   *sync.Mutex
	byID map[string]possession[T]
	ids  map[event.UID][]string // oldest first
}

// possession is a value and whose it is.
type possession[T any] struct {
	owner event.UID
	value T
}

func newOwned[T any](limit int) owned[T] {
	return owned[T]{limit: limit, mu: new(sync.Mutex), byID: map[string]possession[T]{}, ids: map[event.UID][]string{}}
}

// add keeps a new value, unless the owner has as many as may be.
func (o *owned[T]) add(owner event.UID, id string, value T) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.ids[owner]) >= o.limit {
		return false
	}
	o.addLocked(owner, id, value)
	return true
}

// push keeps a new value in the place of the owner's oldest, where the owner has as
// many as may be.
func (o *owned[T]) push(owner event.UID, id string, value T) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ids := o.ids[owner]; len(ids) >= o.limit {
		o.removeLocked(ids[0])
	}
	o.addLocked(owner, id, value)
}

// replace puts a value in the place of the one with that id, if it is there.
func (o *owned[T]) replace(id string, value T) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	old, ok := o.byID[id]
	if ok {
		o.byID[id] = possession[T]{old.owner, value}
	}
	return ok
}

// find returns a value and its owner.
func (o *owned[T]) find(id string) (owner event.UID, value T, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, ok := o.byID[id]
	return p.owner, p.value, ok
}

// list returns what the owner has, oldest first; never nil.
func (o *owned[T]) list(owner event.UID) []T {
	o.mu.Lock()
	defer o.mu.Unlock()
	values := make([]T, 0, len(o.ids[owner]))
	for _, id := range o.ids[owner] {
		values = append(values, o.byID[id].value)
	}
	return values
}

// remove drops the value with that id, if it is there.
func (o *owned[T]) remove(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.removeLocked(id)
}

func (o *owned[T]) addLocked(owner event.UID, id string, value T) {
	o.byID[id] = possession[T]{owner, value}
	o.ids[owner] = append(o.ids[owner], id)
}

func (o *owned[T]) removeLocked(id string) {
	p, ok := o.byID[id]
	if !ok {
		return
	}
	delete(o.byID, id)
	o.ids[p.owner] = slices.DeleteFunc(o.ids[p.owner], func(other string) bool { return other == id })
}
