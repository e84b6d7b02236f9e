package bench_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/tools/bench"
)

// scenario returns the scenario of that name.
func scenario(tb testing.TB, name string) bench.Scenario {
	tb.Helper()
	for _, s := range bench.Scenarios() {
		if s.Name == name {
			return s
		}
	}
	tb.Fatalf("there is no scenario %s", name)
	return bench.Scenario{}
}

// nth applies do to the n-th event and leaves the others unchanged.
func nth(n int, do func(e, before event.Event) []event.Event) func(event.Event) []event.Event {
	var before event.Event
	count := 0
	return func(e event.Event) []event.Event {
		defer func() { before = e }()
		if count++; count == n {
			return do(e, before)
		}
		return []event.Event{e}
	}
}

func TestFaults_EachIsCounted(t *testing.T) {
	for _, c := range []struct {
		name   string
		mangle func(event.Event) []event.Event
		want   bench.Faults
		first  string // part of the first description
	}{
		{"the other side's event", nth(51, func(e, before event.Event) []event.Event {
			return []event.Event{e, {UID: before.UID, Kind: e.Kind, Message: e.Message}}
		}), bench.Faults{Misdelivered: 1}, "received trade"},
		{"one is missing", nth(51, func(event.Event, event.Event) []event.Event { return nil }), bench.Faults{Missing: 1}, "but not"},
		{"the last is missing", nth(400, func(event.Event, event.Event) []event.Event { return nil }), bench.Faults{Missing: 1}, "did not receive events"},
		{"one comes twice", nth(51, func(e, _ event.Event) []event.Event { return []event.Event{e, e} }), bench.Faults{Duplicated: 1}, "after"},
		{"an unexpected message", nth(51, func(e, _ event.Event) []event.Event {
			e.Message = []byte(`{"orderbook":{}}`)
			return []event.Event{e}
		}), bench.Faults{Broken: 1}, "unexpected message"},
		{"an unpublished trade", nth(51, func(e, _ event.Event) []event.Event {
			e.Message = bytes.Replace(e.Message, []byte(`"id":2435`), []byte(`"id":2436`), 1)
			return []event.Event{e}
		}), bench.Faults{Broken: 1}, "unpublished trade"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(t, journal.Config{})
				n.mangle = c.mangle
				report, err := scenario(t, "fanout").Run(t.Context(), n.config())
				if err != nil {
					t.Fatal(err)
				}
				wantFaults(t, &report, c.want, c.first)
			})
		})
	}
}

// wantFaults compares the counts; the descriptions must contain words.
func wantFaults(t *testing.T, r *bench.Report, want bench.Faults, words string) {
	t.Helper()
	if diff := cmp.Diff(want, r.Faults, cmpopts.IgnoreFields(bench.Faults{}, "First")); diff != "" {
		t.Errorf("faults (-want +got):\n%s\n%q", diff, r.Faults.First)
	}
	if !strings.Contains(strings.Join(r.Faults.First, "\n"), words) {
		t.Errorf("got descriptions %q, want %q in them", r.Faults.First, words)
	}
}

// TestFaults_OutOfOrder swaps two events of a user.
func TestFaults_OutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, journal.Config{})
		var held *event.Event
		count := 0
		n.mangle = func(e event.Event) []event.Event {
			switch count++; {
			case count == 51:
				held = &e
				return nil
			case held != nil && held.UID == e.UID:
				late := *held
				held = nil
				return []event.Event{e, late}
			}
			return []event.Event{e}
		}
		report, err := scenario(t, "fanout").Run(t.Context(), n.config())
		if err != nil {
			t.Fatal(err)
		}
		wantFaults(t, &report, bench.Faults{Missing: 1, Duplicated: 1}, "after")
	})
}

// TestFaults_Gap: a gap counts once for all sockets.
func TestFaults_Gap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, journal.Config{})
		n.publish = func(i int) error {
			<-time.After(time.Millisecond)
			if i == 300 {
				n.announce(event.Gap{From: 5, To: 8, Reason: event.GapExchange})
			}
			return nil
		}
		report, err := scenario(t, "burst").Run(t.Context(), n.config())
		if err != nil {
			t.Fatal(err)
		}
		wantFaults(t, &report, bench.Faults{Broken: 1}, "may be lost")
	})
}

// TestFaults_NotResumed: a node holds fewer events than its users miss.
func TestFaults_NotResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, journal.Config{Size: 5})
		n.publish = func(int) error {
			<-time.After(time.Millisecond)
			return nil
		}
		report, err := scenario(t, "storm").Run(t.Context(), n.config())
		if err != nil {
			t.Fatal(err)
		}
		if f := report.Faults; f.Broken != 20 || f.Missing != 2*200 {
			t.Errorf("got faults %+v, want 20 sockets that did not resume, and 400 events missing", f)
		}
	})
}

// TestFaults_TooSlow: a node holds one event per user during a burst.
func TestFaults_TooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newNode(t, journal.Config{Size: 1}).config()
		cfg.Events = 5000
		report, err := scenario(t, "burst").Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		first := strings.Join(report.Faults.First, "\n")
		if report.Faults.Broken == 0 || !strings.Contains(first, "4100 too slow; its user had more events at once than the server keeps: raise HISTORY_SIZE") {
			t.Errorf("got faults %+v, want sockets closed as too slow, and advice", report.Faults)
		}
	})
}
