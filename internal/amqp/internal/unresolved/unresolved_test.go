package unresolved_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp/internal/unresolved"
	"ranger/internal/event"
)

// directoryWithout is a directory in which each member's uid is its id, but for these
// ids, which are not in it.
type directoryWithout map[string]bool

func (d directoryWithout) UID(member string) (event.UID, bool) {
	return event.UID(member), !d[member]
}

// directoryOf is a directory of one id.
type directoryOf string

func (d directoryOf) UID(member string) (event.UID, bool) {
	return "IDALICE00001", member == string(d)
}

// A member's gap extends from the first to the last event, and later events make
// another one. There is none while no directory knows the id.
func TestUnresolved_ResolvedReturnsOneGapForAMember(t *testing.T) {
	t.Parallel()
	u := new(unresolved.Members)
	check := func(when string, members event.Directory, want ...event.Gap) {
		t.Helper()
		if diff := cmp.Diff(want, u.Resolved(members)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	gap := func(from, to int64) event.Gap {
		return event.Gap{From: from, To: to, Reason: event.GapMember, UID: "11", Member: "11"}
	}
	check("nothing was missed", directoryWithout{})
	u.Add("11", 100, 110)
	u.Add("12", 100, 110)
	u.Add("11", 120, 130)
	check("two events", directoryWithout{"12": true}, gap(100, 130))
	check("no id is known", directoryWithout{"11": true, "12": true})
	u.Forget("12", 110)
	u.Add("11", 140, 150)
	u.Forget("11", 130)
	check("announced, but for the last event", directoryWithout{}, gap(130, 150))
	u.Forget("11", 150)
	check("announced", directoryWithout{})
	u.Forget("11", 160)
	u.Add("11", 200, 190) // published, by another clock, after it was read
	check("another event", directoryWithout{}, gap(190, 190))
}

func TestUnresolved_ResolvedReturnsAtMost100(t *testing.T) {
	t.Parallel()
	const limit = 100
	u := new(unresolved.Members)
	for i := range 2*limit + 1 {
		u.Add(strconv.Itoa(i), 1, 2)
	}
	announced := map[string]bool{}
	for _, want := range []int{limit, limit, 1, 0} {
		gaps := u.Resolved(directoryWithout{})
		if len(gaps) != want {
			t.Fatalf("got %d gaps, want %d", len(gaps), want)
		}
		for _, g := range gaps {
			u.Forget(g.Member, g.To)
			announced[g.Member] = true
		}
	}
	if len(announced) != 2*limit+1 {
		t.Errorf("got gaps for %d members, want %d", len(announced), 2*limit+1)
	}
}

// Add returns false only for the first id that is not remembered.
func TestUnresolved_IsBounded(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	u := new(unresolved.Members)
	for i := range limit {
		if !u.Add(strconv.Itoa(i), 1, 2) {
			t.Fatalf("Add of id %d = false, want true", i)
		}
	}
	var got []bool
	for _, member := range []string{"0", "more", "more", "another", "1"} {
		got = append(got, u.Add(member, 1, 3))
	}
	if diff := cmp.Diff([]bool{true, false, true, true, true}, got); diff != "" {
		t.Errorf("results of Add (-want +got):\n%s", diff)
	}
	u.Forget("0", 3)
	u.Add("more", 1, 3)
	u.Forget("1", 2)

	for member, want := range map[string]int{"0": 0, "1": 1, "more": 1, "another": 0} {
		if got := len(u.Resolved(directoryOf(member))); got != want {
			t.Errorf("%s: got %d gaps, want %d", member, got, want)
		}
	}
}
