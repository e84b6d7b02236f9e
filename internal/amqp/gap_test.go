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
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// gapsIn returns the gaps among entries, and what is left without them.
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

// checkCovered checks that all lie in a gap.
func checkCovered(tb testing.TB, lost []dispatch, gaps []event.Gap) {
	tb.Helper()
	for _, d := range lost {
		if !slices.ContainsFunc(gaps, func(g event.Gap) bool { return g.From <= d.taken && d.begun <= g.To }) {
			tb.Errorf("order %d was lost between %d and %d, which is in none of the gaps %v", d.number, d.begun, d.taken, gaps)
		}
	}
}

// checkResumes checks that who resumes after the first of these entries, and
// after the last one before the first gap, reads all that follows.
func checkResumes(tb testing.TB, n *node, entries []journal.Entry) {
	tb.Helper()
	gap := slices.IndexFunc(entries, func(e journal.Entry) bool { return e.Kind == event.Announcement })
	for _, i := range []int{0, gap - 1} {
		t := &tap{woken: make(chan struct{}, 1)}
		var ok bool
		t.mu.Lock()
		t.cursor, _, ok = n.journal.Resume(alice, t, journal.Position{Offset: entries[i].Offset, Check: entries[i].Check})
		t.mu.Unlock()
		if !ok {
			tb.Errorf("entry %d of %d cannot be resumed after", i, len(entries))
			continue
		}
		if diff := cmp.Diff(timeless(entries[i+1:]), timeless(upTo(t.read(tb), string(entries[len(entries)-1].Message)))); diff != "" {
			tb.Errorf("who resumes after entry %d reads other things (-want +got):\n%s", i, diff)
		}
		t.cursor.Close()
	}
}

// I2: what a harm to the topology has cost is told by itself, by the next look, to
// every client of every node, at the same place, and delivery goes on.
func TestTopologyHarmedUnderLoad(t *testing.T) {
	t.Parallel()
	for _, h := range []harm{
		{"exchange deleted", event.GapExchange, false, func(p *peer, cfg amqp.Config) {
			p.must("delete", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(cfg.Exchanges.Orders, false, false) })
		}},
		{"exchange deleted and declared at once", event.GapExchange, true, func(p *peer, cfg amqp.Config) {
			p.must("delete", func(ch *amqp091.Channel) error { return ch.ExchangeDelete(cfg.Exchanges.Orders, false, false) })
			p.declare(cfg.Exchanges.Orders, amqp091.ExchangeFanout, false, false)
		}},
		{"binding removed", event.GapBinding, true, func(p *peer, cfg amqp.Config) {
			p.must("unbind", func(ch *amqp091.Channel) error { return ch.QueueUnbind(cfg.Stream, "", cfg.Exchanges.Orders, nil) })
		}},
		{"stream deleted", event.GapStream, false, func(p *peer, cfg amqp.Config) { p.deleteQueue(cfg.Stream) }},
	} {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			testenv.Heavy(t)
			for began := time.Now(); time.Since(began) < testenv.Patience; { // a node may look at once, before anything was published
				if lost := h.underLoad(t); lost > 0 || !h.costs || t.Failed() {
					return
				}
			}
			t.Error("nothing was lost: the test shows nothing")
		})
	}
}

// harm is something done to the topology.
type harm struct {
	name  string
	want  event.GapReason
	costs bool // messages that were taken are lost, unless it is mended before they come
	do    func(p *peer, cfg amqp.Config)
}

// underLoad does harm, checks what is told of it, and returns how many messages were
// lost on each node.
func (h harm) underLoad(t *testing.T) (cost int) {
	t.Helper()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.LookEvery = soon
	cfg = steady(cfg)
	var nodes []*node
	var taps []*tap
	since := time.Now().UnixMilli() // no gap begins earlier
	for _, name := range []string{"node-a", "node-b"} {
		cfg.Node = name
		nodes = append(nodes, newNode(cfg))
		taps = append(taps, nodes[len(nodes)-1].follow(t))
		nodes[len(nodes)-1].run(t)
		nodes[len(nodes)-1].awaitFollowing(t)
	}
	p := newPeer(t, cfg.URL)
	tr := startTrader(t, cfg, 5*time.Millisecond)
	looks := p.follow(cfg.Stream)
	taps[0].await(t, idText(50))
	if h.want != event.GapStream { // of that it begins with what was held of it
		since = time.Now().UnixMilli()
		awaitLooks(t, looks, since, "node-a", "node-b")
		for i, n := range nodes {
			catchUp(t, n)
			gaps, events := gapsIn(t, taps[i].read(t))
			if len(gaps) > 0 {
				t.Fatalf("the gaps %v were told before there was harm", gaps)
			}
			before := numbers(t, events)
			taps[i].await(t, idText(before[len(before)-1]+1)) // it came after a look that the node knows
		}
	}
	h.do(p, cfg)
	harmed := time.Now().UnixMilli()
	for _, tap := range taps {
		tap.await(t, string(h.want))
	}
	if h.want == event.GapExchange {
		awaitLooks(t, looks, harmed, "node-a", "node-b")
		checkToldByNextLook(t, p.stream(cfg.Stream), harmed, h.want)
	}
	const end = 1_000_000
	tr.stop()
	p.send(cfg, order(end))
	for i, n := range nodes {
		taps[i].got = upTo(taps[i].await(t, idText(end)), idText(end)) // both nodes may tell of it, one late
		gaps, events := gapsIn(t, taps[i].got)
		lost := tr.lost(numbers(t, events))
		checkNumbers(t, numbers(t, events), nil)
		checkCovered(t, lost, gaps)
		cost = len(lost)
		for _, g := range gaps {
			// Another node may look just while the one that found the binding
			// missing has taken the canary away.
			known := g.Reason == h.want || h.want == event.GapBinding && g.Reason == event.GapExchange
			if !known || g.To > time.Now().UnixMilli() || g.From < since {
				t.Errorf("gap %+v, want %s that begins after %d, when there was a look before the harm at %d", g, h.want, since, harmed)
			}
		}
		if h.want == event.GapStream {
			tr.checkToldFirst(t, taps[i].got, harmed)
		} else {
			checkResumes(t, n, taps[i].got)
		}
	}
	cfg.Node = "node-c"
	late := newNode(cfg)
	lates := late.follow(t)
	late.run(t)
	late.awaitFollowing(t)
	lates.got = upTo(lates.read(t), idText(end))
	if h.want == event.GapStream { // which those who saw it tell
		_, events := gapsIn(t, taps[0].got)
		taps[0].got = events[len(events)-len(lates.got):]
	} else {
		checkResumes(t, late, lates.got)
		if diff := cmp.Diff(timeless(taps[1].got), timeless(lates.got)); diff != "" {
			t.Errorf("node-c tells other things than node-b (-b +c):\n%s", diff)
		}
	}
	if diff := cmp.Diff(timeless(taps[0].got), timeless(lates.got)); diff != "" {
		t.Errorf("node-c tells other things than node-a (-a +c):\n%s", diff)
	}
	return cost
}
