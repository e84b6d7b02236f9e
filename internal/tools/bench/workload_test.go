package bench_test

import (
	"testing"

	"ranger/internal/event"
	"ranger/internal/tools/bench"
)

// TestWorkload_Trade: a server decodes a trade into one event for each side.
func TestWorkload_Trade(t *testing.T) {
	p := bench.NewWorkload()
	for _, c := range []struct {
		n, sold, bought uint32
		seller, buyer   int
	}{
		{0, 0, 0, 0, 1},
		{1, 7, 3, 9999, 0},
		{1<<32 - 1, 1<<30 - 1, 1<<30 - 1, 1<<22 - 2, 1<<22 - 1},
	} {
		d := p.Trade(c.n, c.seller, c.sold, c.buyer, c.bought)
		if len(d.Body) < 700 || len(d.Body) > 900 {
			t.Errorf("got a body of %d bytes, want 700 to 900", len(d.Body))
		}
		out := event.Decode(d, 1<<18, nil)
		if len(out.Events) != 2 || len(out.Undelivered) > 0 {
			t.Fatalf("got %+v, want two events", out)
		}
		for i, want := range []struct {
			user   int
			number uint32
		}{{c.seller, c.sold}, {c.buyer, c.bought}} {
			e := out.Events[i]
			n, user, number, ok := bench.ParseTrade(e.Message)
			if !ok || n != c.n || user != want.user || number != want.number || e.UID != p.UID(want.user) {
				t.Errorf("%s: got trade %d, user %d, number %d, %v; want %d, %d, %d", e.UID, n, user, number, ok, c.n, want.user, want.number)
			}
		}
	}
}

func TestWorkload_UidsDifferByRun(t *testing.T) {
	if a, b := bench.NewWorkload().UID(0), bench.NewWorkload().UID(0); a == b {
		t.Errorf("got the uid %s in two runs", a)
	}
}

func FuzzParseTrade(f *testing.F) {
	p := bench.NewWorkload()
	for _, e := range event.Decode(p.Trade(5, 1, 2, 3, 4), 1<<18, nil).Events {
		f.Add(e.Message)
	}
	for _, s := range []string{`{"trade":{"id":null}}`, `{"trade":{"id":2435000000,"order_id":null}}`, `{"trade":{"id":99999999999999999999,"order_id":99999999999999999999`, `{"trade":{"id":2435000000,"order_id":1073741824`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, user, number, ok := bench.ParseTrade(text)
		if !ok {
			return
		}
		again := event.Decode(p.Trade(n, user, number, user+1, 0), 1<<18, nil).Events[0].Message
		if n2, user2, number2, ok := bench.ParseTrade(again); !ok || n2 != n || user2 != user || number2 != number {
			t.Errorf("%q: got trade %d, user %d, number %d; published again %d, %d, %d", text, n, user, number, n2, user2, number2)
		}
	})
}
