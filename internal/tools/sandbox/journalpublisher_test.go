package sandbox_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/tools/sandbox"
)

// asleep is a journal.Waker for a test that polls.
type asleep struct{}

func (asleep) Wake(int) bool { return false }

// entries returns the unread entries of the cursor, without their times.
func entries(tb testing.TB, c *journal.Cursor) []journal.Entry {
	tb.Helper()
	all := make([]journal.Entry, 10_000)
	n, err := c.Read(all)
	check(tb, err)
	for i := range all[:n] {
		if all[i].At == 0 {
			tb.Errorf("entry %d: got no time", i)
		}
		all[i].At = 0
	}
	return all[:n]
}

func TestJournalPublisher_AppendsWhatDecodeReturns(t *testing.T) {
	t.Parallel()
	good := deliveries(t, 1, 20)
	rapid.Check(t, func(t *rapid.T) {
		published := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event.Delivery {
			d := rapid.SampledFrom(good).Draw(t, "delivery")
			if rapid.IntRange(0, 9).Draw(t, "good") == 0 {
				d.Body = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "body")
			}
			return d
		}), 1, 200).Draw(t, "published")

		j := journal.New(journal.Config{})
		cursors, want := map[event.UID]*journal.Cursor{}, map[event.UID][]journal.Entry{}
		for _, uid := range sandbox.Users() {
			cursors[uid] = j.Subscribe(uid, asleep{})
		}
		feed := sandbox.NewJournalPublisher(j, nil, quiet)
		for i, d := range published {
			if err := feed.Publish(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			p := journal.Position{Offset: uint64(i), Check: event.Check(d.Body)}
			if last, ok := j.Last(); !ok || last != p {
				t.Fatalf("message %d: got position %s, want %s", i, last, p)
			}
			for _, e := range event.Decode(d, 256<<10, nil).Events {
				want[e.UID] = append(want[e.UID], journal.Entry{Offset: p.Offset, Check: p.Check, Message: e.Message, Kind: e.Kind})
			}
		}
		for uid, c := range cursors {
			got := make([]journal.Entry, len(published)+1)
			n, err := c.Read(got)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got[:n] {
				got[i].At = 0
			}
			if diff := cmp.Diff(append([]journal.Entry{}, want[uid]...), got[:n]); diff != "" {
				t.Errorf("events of %s (-want +got):\n%s", uid, diff)
			}
		}
	})
}

// directory has in memory the members that were looked up.
type directory struct{ memory, store map[string]event.UID }

func (d directory) UID(member string) (event.UID, bool) {
	uid, ok := d.memory[member]
	return uid, ok
}

func (d directory) Find(_ context.Context, member string) (event.UID, bool) {
	uid, ok := d.store[member]
	if ok {
		d.memory[member] = uid
	}
	return uid, ok
}

// TestJournalPublisher_FindsMembers: members not in memory are looked up, and unknown
// ones are logged.
func TestJournalPublisher_FindsMembers(t *testing.T) {
	t.Parallel()
	known := directory{map[string]event.UID{}, sandbox.Members()}
	delete(known.store, "4") // the taker
	var log bytes.Buffer
	j := journal.New(journal.Config{})
	makers, takers := j.Subscribe(sandbox.Maker, asleep{}), j.Subscribe(sandbox.Taker, asleep{})
	feed := sandbox.NewJournalPublisher(j, known, slog.New(slog.NewTextHandler(&log, nil)))
	publish := sandbox.ByMemberID(feed.Publish)
	var want []string
	missed := 0
	for _, d := range deliveries(t, 2, 3) {
		check(t, publish(t.Context(), d))
		for _, e := range event.Decode(d, 256<<10, nil).Events {
			if e.UID == sandbox.Maker {
				want = append(want, string(e.Message))
			} else {
				missed++
			}
		}
	}
	var got []string
	for _, e := range entries(t, makers) {
		got = append(got, string(e.Message))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("events of the maker (-want +got):\n%s", diff)
	}
	if got := entries(t, takers); len(got) > 0 {
		t.Errorf("unknown member: got %d events, want 0", len(got))
	}
	if got := strings.Count(log.String(), "has no recipient"); got != missed || missed == 0 {
		t.Errorf("got %d log records, want %d:\n%s", got, missed, &log)
	}
}

func TestJournalPublisher_Errors(t *testing.T) {
	t.Parallel()
	d := deliveries(t, 3, 1)[0]
	j := journal.New(journal.Config{})
	feed := sandbox.NewJournalPublisher(j, nil, quiet)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := feed.Publish(ended, d); err == nil {
		t.Error("got no error after the end of the context")
	}
	if last, ok := j.Last(); ok {
		t.Errorf("got position %s in the journal", last)
	}
	j.Append(journal.Message{Position: journal.Position{Offset: 7}})
	if err := feed.Publish(t.Context(), d); err == nil || !strings.Contains(err.Error(), "another writer") {
		t.Errorf("with another writer: got error %v", err)
	}
}
