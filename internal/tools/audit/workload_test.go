package audit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

// TestWorkload_MatchesServer decodes published events as a node does: users and
// bytes must be those that the audit expects.
func TestWorkload_MatchesServer(t *testing.T) {
	t.Parallel()
	for _, users := range []int{1, 2, 7, 500} {
		p := audit.NewWorkload("ABCDEFGH", users)
		seen := make(map[string]int)
		for n := range audit.Serial(500) {
			d := p.Delivery(n)
			outcome := event.Decode(d, 1<<20, nil)
			got := make(map[event.UID]string)
			for _, e := range outcome.Events {
				got[e.UID] = string(e.Message)
			}
			kind, seller, buyer := p.Parties(n)
			want := map[event.UID]string{p.UID(seller): p.View(n, seller), p.UID(buyer): p.View(n, buyer)}
			if diff := cmp.Diff(want, got); diff != "" || len(outcome.Undelivered) > 0 {
				t.Fatalf("event %d of %d users, %s (-want +got, undelivered %v):\n%s", n, users, d.Body, outcome.Undelivered, diff)
			}
			if m, ok := audit.ParseSerial([]byte(got[p.UID(seller)])); !ok || m != n {
				t.Fatalf("event %d: got serial %d, %v", n, m, ok)
			}
			seen[kind.String()+map[bool]string{true: " of one", false: " of two"}[seller == buyer]]++
		}
		if users > 1 && len(seen) != 3 {
			t.Errorf("%d users: got %v, want orders, and trades of one user and of two", users, seen)
		}
	}
}
