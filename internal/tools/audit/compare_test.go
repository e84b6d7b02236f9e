package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ranger/internal/tools/audit"
)

// TestCompare_FaithfulRunPasses: events that were retried or never confirmed, and
// sockets that resumed, are no faults.
func TestCompare_FaithfulRunPasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		count, found, err := m.play()
		if err != nil || len(count) > 0 {
			t.Fatalf("got faults %v, error %v, findings %v; want none", count, err, found)
		}
		if !m.trial.Settled() {
			t.Fatal("got unsettled, want settled")
		}
	})
}

// TestCompare_FindsFault puts one fault into a faithful run: it is found, and no
// other that does not follow from it.
func TestCompare_FindsFault(t *testing.T) {
	t.Parallel()
	all := func(line) bool { return true }
	for _, c := range []struct {
		name string
		// spoil puts the fault into the run. It returns false if the run has no event
		// for it.
		spoil func(t *rapid.T, m *model, client int) bool
		want  map[audit.Fault]int // at least
		also  []audit.Fault       // may follow from it
	}{
		{"a lost event", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, func(l line) bool { return m.entries[l.n].Confirmed > 0 }))
			if ok {
				m.scripts[client] = slices.Delete(m.scripts[client], i, i+1)
			}
			return ok
		}, map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}, []audit.Fault{audit.Broken}},
		{"an event twice", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, all))
			if ok {
				m.scripts[client] = slices.Insert(m.scripts[client], i, m.scripts[client][i])
			}
			return ok
		}, map[audit.Fault]int{audit.Duplicated: 1}, nil},
		{"an event again after a resume", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, all))
			if ok {
				again, yes := m.scripts[client][i], true
				again.replay = true
				m.scripts[client] = append(m.scripts[client], line{kind: "socket"}, line{kind: "success", resumed: &yes}, again)
			}
			return ok
		}, map[audit.Fault]int{audit.Duplicated: 1}, nil},
		{"two events in another order", func(t *rapid.T, m *model, client int) bool {
			s := m.scripts[client]
			i, ok := pick(t, m.events(client, all))
			if !ok || i+1 == len(s) || s[i+1].kind != "event" {
				return false
			}
			s[i], s[i+1] = s[i+1], s[i]
			return true
		}, map[audit.Fault]int{audit.Reordered: 1}, []audit.Fault{audit.Broken}},
		{"another order than the publisher's", func(t *rapid.T, m *model, _ int) bool {
			return m.swapStream(t)
		}, map[audit.Fault]int{audit.Reordered: 1}, nil},
		{"another position at another socket", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, func(l line) bool { return m.entries[l.n].Tries == 1 }))
			if !ok || m.sockets == 1 {
				return false
			}
			m.scripts[client][i].check++
			return true
		}, map[audit.Fault]int{audit.Reordered: 1}, nil},
		{"another user's event", func(t *rapid.T, m *model, client int) bool {
			other := func(n audit.Serial) bool { return !m.trial.Involves(n, client/m.sockets) }
			j := slices.IndexFunc(m.stream, other)
			if j < 0 {
				return false
			}
			n := m.stream[j]
			_, seller, _ := m.trial.Parties(n)
			m.scripts[client] = append(m.scripts[client], line{kind: "event", n: n, offset: 1e6, edit: func(string) string {
				return m.trial.View(n, seller)
			}})
			return true
		}, map[audit.Fault]int{audit.Misdelivered: 1}, nil},
		{"an event that was never sent", func(_ *rapid.T, m *model, client int) bool {
			m.scripts[client] = append(m.scripts[client], line{kind: "event", offset: 1e6, edit: func(string) string {
				return `{"orderbook":{"id":9007199254749999}}`
			}})
			return true
		}, map[audit.Fault]int{audit.Misdelivered: 1}, nil},
		{"a number rounded", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, all))
			if ok {
				m.scripts[client][i].edit = func(text string) string {
					return strings.NewReplacer("0.10,", "0.1,", "0.03310", "0.0331").Replace(text)
				}
			}
			return ok
		}, map[audit.Fault]int{audit.Misdelivered: 1}, nil},
		{"a wrong prev", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, func(l line) bool { return l.prev != nil }))
			if ok {
				wrong := *m.scripts[client][i].prev + 1
				m.scripts[client][i].prev = &wrong
			}
			return ok
		}, map[audit.Fault]int{audit.Broken: 1}, nil},
		{"no prev", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, func(l line) bool { return l.prev != nil }))
			if ok {
				m.scripts[client][i].prev = nil
			}
			return ok
		}, map[audit.Fault]int{audit.Broken: 1}, nil},
		{"a heartbeat without last", func(_ *rapid.T, m *model, client int) bool {
			last := &m.scripts[client][len(m.scripts[client])-1]
			ok := last.prev != nil
			last.prev = nil
			return ok
		}, map[audit.Fault]int{audit.Broken: 1}, nil},
		{"a heartbeat with a wrong last", func(_ *rapid.T, m *model, client int) bool {
			wrong := uint64(1e6)
			s := m.scripts[client]
			s[len(s)-1].prev = &wrong
			return true
		}, map[audit.Fault]int{audit.Broken: 1}, nil},
		{"a heartbeat that leads back", func(_ *rapid.T, m *model, client int) bool {
			s := m.scripts[client]
			s[len(s)-1].offset--
			return true
		}, map[audit.Fault]int{audit.Reordered: 1}, nil},
		{"a wrong replay", func(t *rapid.T, m *model, client int) bool {
			i, ok := pick(t, m.events(client, all))
			if ok {
				m.scripts[client][i].replay = !m.scripts[client][i].replay
			}
			return ok
		}, map[audit.Fault]int{audit.Broken: 1}, nil},
		{"an event before the success line", func(_ *rapid.T, m *model, client int) bool {
			s := m.scripts[client]
			for i, l := range s[:len(s)-1] {
				if l.kind == "success" && s[i+1].kind == "event" {
					s[i], s[i+1] = s[i+1], s[i]
					return true
				}
			}
			return false
		}, map[audit.Fault]int{audit.Broken: 1}, []audit.Fault{audit.Reordered}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			spoiled := 0
			rapid.Check(t, func(t *rapid.T) {
				m := drawModel(t)
				if !c.spoil(t, m, rapid.IntRange(0, len(m.scripts)-1).Draw(t, "client")) {
					return
				}
				spoiled++
				count, found, err := m.play()
				if err != nil {
					t.Fatal(err)
				}
				for _, also := range c.also {
					delete(count, also)
				}
				for fault, least := range c.want {
					if count[fault] >= least {
						count[fault] = least
					}
				}
				if diff := cmp.Diff(c.want, count); diff != "" {
					t.Fatalf("(-want +got):\n%s\n%v", diff, found)
				}
			})
			if spoiled < 20 && !testing.Short() { // -short: rapid makes a fifth of the runs
				t.Errorf("got %d runs with the fault, want 20 or more", spoiled)
			}
		})
	}
}

// pick draws one of some indexes, if there is any.
func pick(t *rapid.T, indexes []int) (int, bool) {
	if len(indexes) == 0 {
		return 0, false
	}
	return rapid.SampledFrom(indexes).Draw(t, "which"), true
}

// swapStream swaps two events of one user in the stream that one connection sent
// and confirmed at the first try.
func (m *model) swapStream(t *rapid.T) bool {
	sentOnce := func(n audit.Serial) bool { return m.entries[n].Tries == 1 && m.entries[n].Confirmed > 0 }
	for i, n := range m.stream {
		_, user, _ := m.trial.Parties(n)
		for j := i + 1; j < len(m.stream); j++ {
			other := m.stream[j]
			if sentOnce(n) && sentOnce(other) && m.entries[n].Conn == m.entries[other].Conn && m.trial.Involves(other, user) {
				m.stream[i], m.stream[j] = other, n
				m.script(t)
				return true
			}
		}
	}
	return false
}

// TestLossAnnounced_ByGapOrReset: a gap that covers the publishing of an event, or
// resumed:false after it, announces its loss; others do not.
func TestLossAnnounced_ByGapOrReset(t *testing.T) {
	t.Parallel()
	const sent = 10 * time.Second
	no := false
	reset := line{kind: "success", offset: 500, resumed: &no}
	around := func(from, to time.Duration) func(*audit.Trial) []line {
		return func(trial *audit.Trial) []line {
			return []line{{kind: "gap", offset: 200, from: trial.UnixMS(from), to: trial.UnixMS(to), reason: "exchange"}}
		}
	}
	for _, c := range []struct {
		name  string
		lines func(*audit.Trial) []line
		want  map[audit.Fault]int
	}{
		{"nothing", func(*audit.Trial) []line { return nil }, map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}},
		{"a gap around it", around(sent-time.Second, sent+time.Second), map[audit.Fault]int{audit.Lost: 1}},
		{"a gap within a second after it", around(sent+900*time.Millisecond, sent+time.Minute), map[audit.Fault]int{audit.Lost: 1}},
		{"a gap within a second before it", around(0, sent-900*time.Millisecond), map[audit.Fault]int{audit.Lost: 1}},
		{"a later gap", around(sent+1200*time.Millisecond, sent+time.Minute), map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}},
		{"an earlier gap", around(0, sent-1200*time.Millisecond), map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}},
		{"resumed:false after it", func(*audit.Trial) []line {
			return []line{{kind: "socket"}, reset}
		}, map[audit.Fault]int{audit.Lost: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trial := audit.NewTrial(1, 1)
			m := &model{trial: trial, sockets: 1, scripts: [][]line{append([]line{{kind: "socket"}, {kind: "success", offset: 99}}, c.lines(trial)...)}}
			// Answers come after the start of the trial, at which its clock is.
			at := sent
			if c.name == "resumed:false after it" {
				at = -time.Second
			}
			trial.Add(audit.SentEvent{First: at, Last: at, Confirmed: at + time.Millisecond, Conn: 1, Tries: 1})
			got, found, err := m.play()
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("error %v; faults (-want +got):\n%s%v", err, diff, found)
			}
		})
	}
	t.Run("resumed:false before it", func(t *testing.T) {
		t.Parallel()
		trial := audit.NewTrial(1, 1)
		m := &model{trial: trial, sockets: 1, scripts: [][]line{{{kind: "socket"}, {kind: "success", offset: 99}, {kind: "socket"}, reset}}}
		trial.Add(audit.SentEvent{First: time.Hour, Last: time.Hour, Confirmed: time.Hour + 1, Conn: 1, Tries: 1})
		if got, _, err := m.play(); err != nil || got[audit.Unannounced] != 1 {
			t.Errorf("got faults %v, error %v; want 1 unannounced", got, err)
		}
	})
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
