package audit_test

import (
	"slices"
	"strings"
	"testing"

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
