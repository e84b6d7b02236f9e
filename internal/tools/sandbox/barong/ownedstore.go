package barong

import (
	"slices"
	"sync"

	"ranger/internal/event"
)

// ownedStore stores values by id, a limited number per owner. It copies values in and
// out. It is safe for concurrent use.
type ownedStore[T any] struct {
	limit int // fixed at construction

	mu   *sync.Mutex
	byID map[string]ownedValue[T]
	ids  map[event.UID][]string // oldest first
}

// ownedValue is a value and its owner.
type ownedValue[T any] struct {
	owner event.UID
	value T
}

func newOwnedStore[T any](limit int) ownedStore[T] {
	return ownedStore[T]{limit: limit, mu: new(sync.Mutex), byID: map[string]ownedValue[T]{}, ids: map[event.UID][]string{}}
}

// add stores a new value, unless the owner has reached the limit.
func (o *ownedStore[T]) add(owner event.UID, id string, value T) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.ids[owner]) >= o.limit {
		return false
	}
	o.addLocked(owner, id, value)
	return true
}

// push stores a new value. If the owner has reached the limit, it replaces the oldest.
func (o *ownedStore[T]) push(owner event.UID, id string, value T) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ids := o.ids[owner]; len(ids) >= o.limit {
		o.removeLocked(ids[0])
	}
	o.addLocked(owner, id, value)
}

// replace replaces the value with that id, if there is one.
func (o *ownedStore[T]) replace(id string, value T) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	old, ok := o.byID[id]
	if ok {
		o.byID[id] = ownedValue[T]{old.owner, value}
	}
	return ok
}

// find returns a value and its owner.
func (o *ownedStore[T]) find(id string) (owner event.UID, value T, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, ok := o.byID[id]
	return p.owner, p.value, ok
}

// list returns the owner's values, oldest first. It never returns nil.
func (o *ownedStore[T]) list(owner event.UID) []T {
	o.mu.Lock()
	defer o.mu.Unlock()
	values := make([]T, 0, len(o.ids[owner]))
	for _, id := range o.ids[owner] {
		values = append(values, o.byID[id].value)
	}
	return values
}

// remove removes the value with that id, if there is one.
func (o *ownedStore[T]) remove(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.removeLocked(id)
}

func (o *ownedStore[T]) addLocked(owner event.UID, id string, value T) {
	o.byID[id] = ownedValue[T]{owner, value}
	o.ids[owner] = append(o.ids[owner], id)
}

func (o *ownedStore[T]) removeLocked(id string) {
	p, ok := o.byID[id]
	if !ok {
		return
	}
	delete(o.byID, id)
	o.ids[p.owner] = slices.DeleteFunc(o.ids[p.owner], func(other string) bool { return other == id })
}
