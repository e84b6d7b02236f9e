package sandbox_test

import (
	"context"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox"
)

// All three headers have ids instead of uids, and a lookup of the ids finds the same
// users.
func TestByMemberID_ReplacesUIDsByIDs(t *testing.T) {
	t.Parallel()
	known := directory{memory: sandbox.Members()}
	ids := map[string]string{"member_uid": "member_id", "ask_member_uid": "ask_member_id", "bid_member_uid": "bid_member_id"}
	seen := map[string]int{}
	for _, d := range deliveries(t, 4, 20) {
		before := maps.Clone(d.Headers)
		var got event.Delivery
		check(t, sandbox.ByMemberID(func(_ context.Context, d event.Delivery) error {
			got = d
			return nil
		})(t.Context(), d))
		if diff := cmp.Diff(before, d.Headers); diff != "" {
			t.Fatalf("headers of the caller (-want +got):\n%s", diff)
		}
		for uid, id := range ids {
			if _, ok := got.Headers[uid]; ok {
				t.Errorf("got %s in %v", uid, got.Headers)
			}
			_, has := got.Headers[id].(int64)
			if _, had := before[uid]; had != has {
				t.Errorf("got %v for %v", got.Headers, before)
			} else if has {
				seen[id]++
			}
		}
		if got.Headers["market"] != before["market"] {
			t.Errorf("got %v for %v", got.Headers, before)
		}
		want := event.Decode(d, 256<<10, nil)
		if diff := cmp.Diff(want, event.Decode(got, 256<<10, known)); diff != "" || len(want.Undelivered) > 0 {
			t.Errorf("events with a directory (-want +got):\n%s", diff)
		}
		if out := event.Decode(got, 256<<10, nil); len(out.Events) > 0 {
			t.Errorf("without a directory: got %d users, want 0", len(out.Events))
		}
	}
	if len(seen) != len(ids) {
		t.Errorf("got headers %v", seen)
	}
}

func TestMembers_HaveDifferentIDs(t *testing.T) {
	t.Parallel()
	known := map[event.UID]bool{}
	for _, uid := range sandbox.Members() {
		known[uid] = true
	}
	want := map[event.UID]bool{alice: true, bob: true, sandbox.Maker: true, sandbox.Taker: true}
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestByMemberID_UnknownUsers: unknown uids and other values are not changed.
func TestByMemberID_UnknownUsers(t *testing.T) {
	t.Parallel()
	for _, headers := range []map[string]any{nil, {"member_uid": "IDELSE"}, {"member_uid": 7}, {"bid_member_uid": nil}} {
		check(t, sandbox.ByMemberID(func(_ context.Context, d event.Delivery) error {
			if diff := cmp.Diff(headers, d.Headers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			return nil
		})(t.Context(), event.Delivery{Kind: event.Order, Headers: headers}))
	}
}
