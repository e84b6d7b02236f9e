package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/audit"
)

// TestCompare_CopiesFarApart: a retry so late that nodes do not recognise it may be
// delivered as a second event, but not at the same position.
func TestCompare_CopiesFarApart(t *testing.T) {
	t.Parallel()
	first := uint64(100)
	for _, c := range []struct {
		name   string
		apart  time.Duration
		second uint64 // offset of the second delivery
		want   map[audit.Fault]int
	}{
		{"far", audit.CopyWindow + 1, 101, map[audit.Fault]int{}},
		{"far, and the same", audit.CopyWindow + 1, 100, map[audit.Fault]int{audit.Duplicated: 1}},
		{"near", audit.CopyWindow, 101, map[audit.Fault]int{audit.Duplicated: 1}},
	} {
		trial := audit.NewTrial(1, 1)
		trial.Add(audit.SentEvent{Last: c.apart, Confirmed: c.apart + 1, Conn: 1, Tries: 2})
		m := &model{trial: trial, sockets: 1, scripts: [][]line{{
			{kind: "socket"}, {kind: "success", offset: 99}, {kind: "event", offset: first}, {kind: "event", offset: c.second, prev: &first},
		}}}
		got, found, err := m.play()
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v; faults (-want +got):\n%s%v", c.name, err, diff, found)
		}
	}
}

// TestChecker_OffsetsRestart: after resumed:false, and after a gap of another stream,
// offsets may be lower, and prev and last may name events that the client never saw.
func TestChecker_OffsetsRestart(t *testing.T) {
	t.Parallel()
	no, seven := false, uint64(7)
	// The gap has the offset of the message before the first event of the new stream.
	same := map[string]map[audit.Fault]int{"resumed:false": {audit.Reordered: 1}, "stream": {}}
	for name, anew := range map[string][]line{
		"resumed:false": {{kind: "socket"}, {kind: "success", offset: 9, resumed: &no}},
		"stream":        {{kind: "gap", offset: 9, reason: "stream"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []struct {
				name string
				then []line
				want map[audit.Fault]int
			}{
				{"an event after it", []line{{kind: "event", n: 1, offset: 10, prev: &seven}}, map[audit.Fault]int{}},
				{"an event before it", []line{{kind: "event", n: 1, offset: 8}}, map[audit.Fault]int{audit.Reordered: 1}},
				{"an event with its offset", []line{{kind: "event", n: 1, offset: 9}}, same[name]},
				{"an event with its offset, later", []line{{kind: "heartbeat", offset: 9, prev: &seven}, {kind: "event", n: 1, offset: 9}}, map[audit.Fault]int{audit.Reordered: 1}},
				{"a heartbeat", []line{{kind: "heartbeat", offset: 9, prev: &seven}, {kind: "event", n: 1, offset: 10, prev: &seven}}, map[audit.Fault]int{}},
			} {
				trial := audit.NewTrial(1, 1)
				for n := range 2 {
					at := time.Duration(n) * time.Second
					trial.Add(audit.SentEvent{First: at, Last: at, Confirmed: at + 1, Conn: 1, Tries: 1})
				}
				m := &model{trial: trial, sockets: 1}
				m.scripts = [][]line{slices.Concat([]line{{kind: "socket"}, {kind: "success", offset: 99}, {kind: "event", offset: 100}}, anew, c.then)}
				got, found, err := m.play()
				if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
					t.Errorf("%s: error %v; faults (-want +got):\n%s%v", c.name, err, diff, found)
				}
			}
		})
	}
}

// TestFindings_Explain: the first of each kind are kept, with the details that help
// to debug.
func TestFindings_Explain(t *testing.T) {
	t.Parallel()
	trial := audit.NewTrial(1, 2)
	m := &model{trial: trial, sockets: 2, scripts: make([][]line, 2)}
	for client := range m.scripts {
		m.scripts[client] = []line{{kind: "socket"}, {kind: "success", offset: 99}}
	}
	for n := range audit.Serial(9) {
		trial.Add(audit.SentEvent{First: time.Second, Last: 2 * time.Second, Confirmed: 3 * time.Second, Conn: 1, Tries: 3})
		l, before := line{kind: "event", n: n, offset: 100 + uint64(n)}, 99+uint64(n)
		if n > 0 {
			l.prev = &before
		}
		m.scripts[0] = append(m.scripts[0], l)
	}
	count, found, err := m.play()
	if err != nil || count[audit.Lost] != 9 {
		t.Fatalf("got faults %v, error %v; want 9 lost", count, err)
	}
	kinds := make(map[audit.Fault]int)
	for _, f := range found {
		kinds[f.Fault]++
	}
	if diff := cmp.Diff(map[audit.Fault]int{audit.Lost: 5, audit.Unannounced: 5}, kinds); diff != "" {
		t.Errorf("kept findings (-want +got):\n%s", diff)
	}
	for _, part := range []string{
		"lost: client AUDITTRIAL00000/1: event 0 (id 9007199254740993), position 100.00000000, sent ",
		", tried 3 times, confirmed ", ": it never arrived; client AUDITTRIAL00000/0 received it",
	} {
		if !strings.Contains(found[0].String(), part) {
			t.Errorf("got finding %q, want %q in it", found[0], part)
		}
	}
}
