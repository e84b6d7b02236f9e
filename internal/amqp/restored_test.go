package amqp_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// restoration is a stream that is restored from an older copy while nodes follow it.
type restoration struct {
	cfg   amqp.Config
	nodes []*node // the third one has read nothing that is in the copy
	taps  []*tap  // of alice
	kept  journal.Position
	gone  []confirmed // orders that are not in the copy
	last  journal.Position
}

// copied is how many orders are in the copy, and how many are published after it.
const copied = 10

func (r *restoration) start(t *testing.T, name string) {
	t.Helper()
	cfg := r.cfg
	cfg.Node = name
	n := newNode(cfg)
	r.taps = append(r.taps, n.tapWithGaps(t))
	r.nodes = append(r.nodes, n)
	n.run(t)
	n.awaitFollowing(t)
}

// send publishes orders with the numbers from first on, which are also their
// message_ids.
func (r *restoration) send(t *testing.T, b *testenv.Broker, first int) (sent []confirmed) {
	t.Helper()
	p := amqptest.NewPeer(t, b.URL)
	for i := range copied {
		begun := time.Now().UnixMilli()
		r.publish(p, first+i, order(first+i))
		sent = append(sent, confirmed{first + i, begun, time.Now().UnixMilli()})
	}
	for _, tap := range r.taps {
		tap.await(t, idText(first+copied-1))
	}
	return sent
}

// publish publishes an Order with this id.
func (r *restoration) publish(p *amqptest.Peer, id int, d event.Delivery) {
	msg := amqptest.Publishing(d)
	msg.MessageId = strconv.Itoa(id)
	p.Publish(r.cfg.Exchanges.Orders, "", msg)
}

// beforeCopy starts two nodes, with different deliveries, and publishes what will be
// in the copy.
func beforeCopy(t *testing.T, b *testenv.Broker) *restoration {
	t.Helper()
	r := &restoration{cfg: withSilence(newConfigOn(t, b.URL))}
	r.cfg.CheckInterval, r.cfg.Exchanges.Durable = soon, true
	r.start(t, "node-a")
	r.cfg.Portable = true
	r.start(t, "node-b")
	r.cfg.Portable = false
	r.send(t, b, 0)
	r.kept = lastPosition(r.taps[0].got, order(copied-1).Body)
	return r
}

// copyData copies the data of a broker that does not run.
func copyData(t *testing.T, b *testenv.Broker) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(b.Dir, "copy"), os.DirFS(filepath.Join(b.Dir, "data"))); err != nil {
		t.Fatal(err)
	}
}

// afterCopy publishes what will not be in the copy. A third node reads only that.
func (r *restoration) afterCopy(t *testing.T, b *testenv.Broker) {
	t.Helper()
	for _, n := range r.nodes {
		n.awaitFollowing(t)
	}
	r.gone = r.send(t, b, copied)
	r.last = lastPosition(r.taps[0].got, order(2*copied-1).Body)
	r.cfg.Window = time.Second
	r.start(t, "node-c")
	r.cfg.Window = 0
	if r.nodes[2].journal.Holds(r.kept) {
		t.Errorf("position %v: the third node holds it, which is in the copy: the test shows nothing", r.kept)
	}
}

// check restores the copy. Positions in it stay valid. All nodes truncate what is not
// in it, and announce that.
func (r *restoration) check(t *testing.T, b *testenv.Broker) {
	t.Helper()
	data := filepath.Join(b.Dir, "data")
	b.Stop() // orderly: it closes connections with a reason
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(b.Dir, "copy"), data); err != nil {
		t.Fatal(err)
	}
	b.Start()
	for i, n := range r.nodes {
		n.awaitLog(t, []string{"restored from an older copy", "restored from an older copy", otherStream}[i])
		n.awaitFollowing(t)
	}
	p := amqptest.NewPeer(t, b.URL)
	r.publish(p, copied, order(1000)) // with the id of one that is gone
	p.Send(r.cfg.Exchanges, order(1001))
	r.start(t, "node-d")

	var at journal.Position
	for i, n := range r.nodes {
		got := upTo(r.taps[i].await(t, idText(1001)), idText(1001))
		_, events := gapsIn(t, got)
		checkNumbers(t, numbers(t, events), []int{1000, 1001})
		if p := lastPosition(got, order(1001).Body); i > 0 && p != at {
			t.Errorf("node %d: got the last order at %v, want it at %v", i, p, at)
		} else {
			at = p
		}
		if n.journal.Holds(r.last) {
			t.Errorf("node %d, position %v, which is not in the copy: got held, want not held", i, r.last)
		}
		if want := []int{2*copied + 2, 2*copied + 2, len(events), copied + 2}[i]; len(events) != want {
			t.Errorf("node %d: got %d events, want %d", i, len(events), want)
		}
		if i == 3 { // it has read only the copy
			continue
		}
		if count := n.metrics.gaps.count(is(event.GapStream)); count != 1 {
			t.Errorf("node %d: got %d gaps of the stream, want 1", i, count)
		}
	}
	for _, i := range []int{0, 1, 3} { // the window of the third one is short
		n := r.nodes[i]
		resumed, ok := n.resume(t, r.kept)
		if !ok {
			t.Errorf("node %d, position %v, which is in the copy: got not held, want held", i, r.kept)
			continue
		}
		gaps, events := gapsIn(t, upTo(resumed.read(t), idText(1001)))
		if got := numbers(t, events); len(got) != 2 || got[0] != 1000 {
			t.Errorf("node %d: a client that resumes reads %v, want 1000 and 1001", i, got)
		}
		if i < 2 { // the last node has never read them
			checkCovered(t, r.gone, gaps)
		}
	}
}
