package amqp_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

// everybody is a directory in which a member's id is the uid; strangers are not
// in it.
type everybody struct{ strangers map[string]bool }

func (e everybody) UID(member string) (event.UID, bool) {
	return event.UID(member), !e.strangers[member]
}

// An id is told of from the first of its events on to the last, and again where
// there were others meanwhile; never while nobody knows it.
func TestMissed(t *testing.T) {
	t.Parallel()
	var m amqp.Missed
	check := func(when string, members event.Directory, want ...event.Gap) {
		t.Helper()
		if diff := cmp.Diff(want, m.Known(members)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	gap := func(from, to int64) event.Gap {
		return event.Gap{From: from, To: to, Reason: event.GapMember, UID: "11", Member: "11"}
	}
	check("nothing was missed", everybody{})
	m.Note("11", 100, 110)
	m.Note("12", 100, 110)
	m.Note("11", 120, 130)
	check("two events", everybody{map[string]bool{"12": true}}, gap(100, 130))
	check("nobody is known", everybody{map[string]bool{"11": true, "12": true}})
	m.Forget("12", 110)
	m.Note("11", 140, 150)
	m.Forget("11", 130)
	check("told, but for the last", everybody{}, gap(130, 150))
	m.Forget("11", 150)
	check("told", everybody{})
	m.Forget("11", 160)
	m.Note("11", 200, 190) // published, by another clock, after it was read
	check("another one", everybody{}, gap(190, 190))
}

// However many have become known, some are told at a time, until all are.
func TestMissedAreToldSomeAtATime(t *testing.T) {
	t.Parallel()
	var m amqp.Missed
	for i := range 2*amqp.MaxTold + 1 {
		m.Note(strconv.Itoa(i), 1, 2)
	}
	told := map[string]bool{}
	for _, want := range []int{amqp.MaxTold, amqp.MaxTold, 1, 0} {
		gaps := m.Known(everybody{})
		if len(gaps) != want {
			t.Fatalf("%d are told, want %d", len(gaps), want)
		}
		for _, g := range gaps {
			m.Forget(g.Member, g.To)
			told[g.Member] = true
		}
	}
	if len(told) != 2*amqp.MaxTold+1 {
		t.Errorf("%d were told in all", len(told))
	}
}

// Beyond a bound no id is remembered, which is said once.
func TestMissedAreBounded(t *testing.T) {
	t.Parallel()
	var m amqp.Missed
	for i := range amqp.MaxMissed {
		if !m.Note(strconv.Itoa(i), 1, 2) {
			t.Fatalf("id %d is too many", i)
		}
	}
	var got []bool
	for _, member := range []string{"0", "more", "more", "another", "1"} {
		got = append(got, m.Note(member, 1, 3))
	}
	if diff := cmp.Diff([]bool{true, false, true, true, true}, got); diff != "" {
		t.Errorf("whether it may go on unsaid (-want +got):\n%s", diff)
	}
	m.Forget("0", 3)
	m.Note("more", 1, 3)
	m.Forget("1", 2)

	for member, want := range map[string]int{"0": 0, "1": 1, "more": 1, "another": 0} {
		if got := len(m.Known(only(member))); got != want {
			t.Errorf("%s is remembered %d times, want %d", member, got, want)
		}
	}
}

// only is a directory of one id.
type only string

func (o only) UID(member string) (event.UID, bool) { return alice, member == string(o) }
