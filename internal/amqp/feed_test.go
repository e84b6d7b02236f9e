package amqp_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// feed is a list that only grows. It is safe for concurrent use.
type feed[T any] struct {
	mu    sync.Mutex
	items []T
	grown chan struct{} // closed at the next add; nil if no goroutine waits
}

func (f *feed[T]) add(item T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.items = append(f.items, item)
	if f.grown != nil {
		close(f.grown)
		f.grown = nil
	}
}

// after returns the items from number n on, and a channel that is closed when there
// are more.
func (f *feed[T]) after(n int) ([]T, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.grown == nil {
		f.grown = make(chan struct{})
	}
	return f.items[n:len(f.items):len(f.items)], f.grown
}

// all returns all items.
func (f *feed[T]) all() []T {
	items, _ := f.after(0)
	return items
}

// await returns the first wanted item from number n on, and the number of the next
// one. what says what is wanted.
func (f *feed[T]) await(tb testing.TB, what string, n int, wanted func(T) bool) (T, int) {
	tb.Helper()
	timeout := time.After(testenv.Patience)
	for {
		items, grown := f.after(n)
		for _, item := range items {
			n++
			if wanted(item) {
				return item, n
			}
		}
		select {
		case <-grown:
		case <-timeout:
			tb.Fatalf("got %v, want %s", f.all(), what)
		}
	}
}

// total returns how many items there are.
func (f *feed[T]) total() int { return f.count(func(T) bool { return true }) }

// count returns how many items are wanted.
func (f *feed[T]) count(wanted func(T) bool) int {
	n := 0
	items, _ := f.after(0)
	for _, item := range items {
		if wanted(item) {
			n++
		}
	}
	return n
}

// line is one log line.
type line struct {
	at    time.Time
	level slog.Level
	text  string // the message
	attrs map[string]any
}

func (l line) String() string {
	return fmt.Sprintf("\n%v %s %v %v %v", l.level, l.text, l.attrs["error"], l.attrs["advice"], l.attrs)
}

// logged is a slog.Handler that remembers all lines.
type logged struct{ feed[line] }

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { panic("not used by the package") }
func (l *logged) WithGroup(string) slog.Handler            { panic("not used by the package") }

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]any{}
	r.Attrs(func(a slog.Attr) bool {
		attrs[a.Key] = a.Value.Resolve().Any()
		return true
	})
	l.add(line{r.Time, r.Level, r.Message, attrs})
	return nil
}

// counted is a Metrics that remembers all calls.
type counted struct {
	events      feed[event.Kind]
	undelivered feed[event.Reason]
	retried     feed[struct{}]
	gaps        feed[event.GapReason]
}

func (c *counted) Event(k event.Kind)         { c.events.add(k) }
func (c *counted) Undelivered(r event.Reason) { c.undelivered.add(r) }
func (c *counted) Retried()                   { c.retried.add(struct{}{}) }
func (c *counted) Gap(r event.GapReason)      { c.gaps.add(r) }

// is returns whether a value is the wanted one.
func is[T comparable](want T) func(T) bool { return func(got T) bool { return got == want } }
