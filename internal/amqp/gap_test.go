package amqp_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// gapsIn returns the gaps among entries, and the other entries.
func gapsIn(tb testing.TB, entries []journal.Entry) (gaps []event.Gap, events []journal.Entry) {
	tb.Helper()
	for _, e := range entries {
		if e.Kind != event.Announcement {
			events = append(events, e)
			continue
		}
		var m struct{ Gap event.Gap }
		if err := json.Unmarshal(e.Message, &m); err != nil {
			tb.Fatalf("%s: %v", e.Message, err)
		}
		gaps = append(gaps, m.Gap)
	}
	return gaps, events
}

// upTo returns the entries up to the first whose message contains text.
func upTo(entries []journal.Entry, text string) []journal.Entry {
	i := slices.IndexFunc(entries, func(e journal.Entry) bool { return strings.Contains(string(e.Message), text) })
	return entries[:i+1]
}

// checkCovered checks that each lost order lies in a gap.
func checkCovered(tb testing.TB, lost []confirmed, gaps []event.Gap) {
	tb.Helper()
	for _, d := range lost {
		if !slices.ContainsFunc(gaps, func(g event.Gap) bool { return g.From <= d.taken && d.begun <= g.To }) {
			tb.Errorf("order %d was lost between %d and %d: got the gaps %v, want one that contains that", d.number, d.begun, d.taken, gaps)
		}
	}
}

// checkResumes checks that a client that resumes after the first of these entries, or
// after the last one before the first gap, reads everything that follows.
func checkResumes(tb testing.TB, n *node, entries []journal.Entry) {
	tb.Helper()
	gap := slices.IndexFunc(entries, func(e journal.Entry) bool { return e.Kind == event.Announcement })
	for _, i := range []int{0, gap - 1} {
		resumed, ok := n.resume(tb, entries[i].Position())
		if !ok {
			tb.Errorf("resume after entry %d of %d: got a refusal, want the entries that follow", i, len(entries))
			continue
		}
		if diff := cmp.Diff(timeless(entries[i+1:]), timeless(upTo(resumed.read(tb), string(entries[len(entries)-1].Message)))); diff != "" {
			tb.Errorf("resume after entry %d (-want +got):\n%s", i, diff)
		}
	}
}

// I2: the loss that a fault of the topology has caused is announced by the next check,
// to every client of every node, at the same place, and delivery goes on.
func TestGuard_AnnouncesFaultUnderLoad(t *testing.T) {
	t.Parallel()
	for _, f := range []fault{
		{"exchange deleted", event.GapExchange, false, func(p *amqptest.Peer, cfg amqp.Config) {
			p.DeleteExchange(cfg.Exchanges.Orders)
		}},
		{"exchange deleted and declared at once", event.GapExchange, true, func(p *amqptest.Peer, cfg amqp.Config) {
			p.DeleteExchange(cfg.Exchanges.Orders)
			p.DeclareExchange(cfg.Exchanges.Orders, amqp091.ExchangeFanout, false, false)
		}},
		{"binding removed", event.GapBinding, true, func(p *amqptest.Peer, cfg amqp.Config) {
			p.Unbind(cfg.Stream, cfg.Exchanges.Orders)
		}},
		{"stream deleted", event.GapStream, false, func(p *amqptest.Peer, cfg amqp.Config) { p.DeleteQueue(cfg.Stream) }},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			testenv.Heavy(t)
			for began := time.Now(); time.Since(began) < testenv.Patience; { // a node may check at once, before anything was published
				if lost := f.underLoad(t); lost > 0 || !f.loses || t.Failed() {
					return
				}
			}
			t.Error("nothing was lost: the test shows nothing")
		})
	}
}

// fault is something done to the topology.
type fault struct {
	name  string
	want  event.GapReason
	loses bool // confirmed messages are lost, unless it is repaired before they come
	do    func(p *amqptest.Peer, cfg amqp.Config)
}

// underLoad causes the fault, checks what is announced, and returns how many messages
// were lost on each node. The nodes have different deliveries and must agree.
func (f fault) underLoad(t *testing.T) (lostCount int) {
	t.Helper()
	cfg := newConfig(t)
	cfg.CheckInterval = soon
	cfg = withGrace(cfg)
	var nodes []*node
	var taps []*tap
	since := time.Now().UnixMilli() // no gap begins earlier
	start := func(cfg amqp.Config, name string) {
		cfg.Node = name
		n := newNode(cfg)
		nodes, taps = append(nodes, n), append(taps, n.tapWithGaps(t))
		n.run(t)
		n.awaitFollowing(t)
	}
	start(cfg, "node-a")
	start(withPortable(cfg), "node-b")
	p := amqptest.NewPeer(t, cfg.URL)
	publisher := startTimedPublisher(t, cfg, 5*time.Millisecond)
	markers := p.Follow(cfg.Stream)
	taps[0].await(t, idText(50))
	if f.want != event.GapStream { // such a gap begins with what the journal had of the stream
		since = time.Now().UnixMilli()
		awaitChecks(t, markers, since, "node-a", "node-b")
		for i, n := range nodes {
			n.catchUp(t)
			gaps, events := gapsIn(t, taps[i].read(t))
			if len(gaps) > 0 {
				t.Fatalf("got the gaps %v before the fault, want none", gaps)
			}
			before := numbers(t, events)
			taps[i].await(t, idText(before[len(before)-1]+1)) // it came after a check that the node knows
		}
	}
	f.do(p, cfg)
	at := time.Now().UnixMilli()
	for _, tap := range taps {
		tap.await(t, string(f.want))
	}
	if f.want == event.GapExchange {
		awaitChecks(t, markers, at, "node-a", "node-b")
		checkFoundByNextCheck(t, p.Stream(cfg.Stream), at, f.want)
	}
	const end = 1_000_000
	publisher.stop()
	p.Send(cfg.Exchanges, order(end))
	for i, n := range nodes {
		taps[i].got = upTo(taps[i].await(t, idText(end)), idText(end)) // both nodes may announce it, one late
		gaps, events := gapsIn(t, taps[i].got)
		missing := lost(publisher.sent, numbers(t, events))
		checkNumbers(t, numbers(t, events), nil)
		checkCovered(t, missing, gaps)
		lostCount = len(missing)
		for _, g := range gaps {
			// Another node may check just while the one that found the binding missing
			// has removed the canary.
			known := g.Reason == f.want || f.want == event.GapBinding && g.Reason == event.GapExchange
			if !known || g.To > time.Now().UnixMilli() || g.From < since {
				t.Errorf("got gap %+v, want %s that begins after %d, when there was a check before the fault at %d", g, f.want, since, at)
			}
		}
		if f.want == event.GapStream {
			publisher.checkGapFirst(t, taps[i].got, at)
		} else {
			checkResumes(t, n, taps[i].got)
		}
	}
	f.checkLateNode(t, cfg, taps, idText(end))
	return lostCount
}

// checkLateNode checks that a node that starts now has the same events and gaps, up to
// the message that contains end, as the nodes that read these taps.
func (f fault) checkLateNode(t *testing.T, cfg amqp.Config, taps []*tap, end string) {
	t.Helper()
	cfg.Node = "node-c"
	late := newNode(cfg)
	lates := late.tapWithGaps(t)
	late.run(t)
	late.awaitFollowing(t)
	lates.got = upTo(lates.read(t), end)
	if f.want == event.GapStream { // announced only by nodes that have read the stream before
		_, events := gapsIn(t, taps[0].got)
		taps[0].got = events[len(events)-len(lates.got):]
	} else {
		checkResumes(t, late, lates.got)
		if diff := cmp.Diff(timeless(taps[1].got), timeless(lates.got)); diff != "" {
			t.Errorf("events of node-c (-node-b +node-c):\n%s", diff)
		}
	}
	if diff := cmp.Diff(timeless(taps[0].got), timeless(lates.got)); diff != "" {
		t.Errorf("events of node-c (-node-a +node-c):\n%s", diff)
	}
}
