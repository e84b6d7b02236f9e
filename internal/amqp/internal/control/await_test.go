package control_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp/internal/control"
)

// A marker counts only if it has the Writer's id and came as a record.
func TestObserve_CountsOwnMarkersOnly(t *testing.T) {
	t.Parallel()
	const good = `{"node":"node-a","id":"ABC","n":1,"at":1534776439123}`
	for _, c := range []struct {
		exchange, typ, body string
		want                int64
	}{
		{"", "ranger.marker", good, 1},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":1,"at":1534776439123,"looked":1534776439000}`, 1},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":2,"at":1534776439123}`, 2},
		{"peatio.trade", "ranger.marker", good, 0},
		{"", "", good, 0},
		{"", "ranger.gap", good, 0},
		{"", "ranger.marker", `{"node":"node-a","id":"ABCD","n":1,"at":1534776439123}`, 0},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":"1","at":1534776439123}`, 0},
		{"", "ranger.marker", `{"node":"node-a","id":"ABC","n":1}`, 0},
		{"", "ranger.marker", `node-a/ABC/1`, 0},
		{"", "ranger.marker", ``, 0},
	} {
		w := control.NewDetachedWriter("ABC", 1)
		if m, ok := control.ParseMarker(delivery(c.exchange, c.typ, c.body)); ok {
			w.Observe(m)
		}
		if got := w.Observed(); got != c.want {
			t.Errorf("exchange %q, type %q, body %s: observed %d, want %d", c.exchange, c.typ, c.body, got, c.want)
		}
	}
}

func TestObserve_IgnoresOlderMarkers(t *testing.T) {
	t.Parallel()
	w := control.NewDetachedWriter("ABC", 3)
	for _, n := range []int64{1, 3, 2, 3} {
		w.Observe(control.Marker{ID: "ABC", N: n})
	}
	if got := w.Observed(); got != 3 {
		t.Errorf("observed %d, want 3", got)
	}
}

func notCalled(t *testing.T) func(bool) error {
	return func(bool) error {
		t.Error("waiting was called, want no call before the interval")
		return nil
	}
}

func TestAwait_ReturnsWhenTheNewestMarkerWasObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := control.NewDetachedWriter("ABC", 2)
		result := make(chan error, 1)
		go func() { result <- w.Await(t.Context(), time.Hour, notCalled(t)) }()
		for _, m := range []control.Marker{{ID: "ABC", N: 1}, {ID: "another", N: 2}} {
			w.Observe(m)
			synctest.Wait()
			if len(result) > 0 {
				t.Fatalf("Await returned after marker %+v", m)
			}
		}
		w.Observe(control.Marker{ID: "ABC", N: 2})
		if err := <-result; err != nil {
			t.Errorf("got %v, want nil", err)
		}
		if err := w.Await(t.Context(), time.Hour, notCalled(t)); err != nil {
			t.Errorf("once more: got %v, want nil", err)
		}
	})
}

// Every interval waiting is called, with whether an alarm blocks the connection,
// until it returns an error.
func TestAwait_EndsWithTheErrorOfWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := control.NewDetachedWriter("ABC", 1)
		begin, calls, want := time.Now(), 0, errors.New("silent")
		err := w.Await(t.Context(), time.Second, func(blocked bool) error {
			calls++
			if blocked != (calls == 2) {
				t.Errorf("call %d: blocked %t, want %t", calls, blocked, calls == 2)
			}
			w.SetBlocked(calls == 1)
			if calls == 3 {
				return want
			}
			return nil
		})
		if took := time.Since(begin); !errors.Is(err, want) || calls != 3 || took != 3*time.Second {
			t.Errorf("got %v after %d calls and %v, want %v after 3 and 3s", err, calls, took, want)
		}
	})
}

func TestAwait_EndsWithContextAndChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := control.NewDetachedWriter("ABC", 1)
		if err := w.Await(ctx, time.Hour, notCalled(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: got %v, want %v", err, context.Canceled)
		}
		want := errors.New("the channel was closed")
		time.AfterFunc(time.Minute, func() { w.End(want) })
		if err := w.Await(t.Context(), time.Hour, notCalled(t)); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	})
}
