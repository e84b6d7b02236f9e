package amqp_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// restoration is a stream that is restored from an older copy under nodes that
// have followed it.
type restoration struct {
	cfg   amqp.Config
	nodes []*node // the last one has read nothing that is in the copy
	taps  []*tap  // of alice
	kept  journal.Position
	gone  []dispatch // what is not in the copy
	last  journal.Position
}

// copied is how many orders are in the copy, and follow it.
const copied = 10

func (r *restoration) start(t *testing.T, name string) {
	t.Helper()
	cfg := r.cfg
	cfg.Node = name
	n := newNode(cfg)
	r.taps = append(r.taps, n.follow(t))
	r.nodes = append(r.nodes, n)
	n.run(t)
	n.awaitFollowing(t)
}

// send publishes orders with the numbers from first on, numbers as ids.
func (r *restoration) send(t *testing.T, b *testenv.Broker, first int) (sent []dispatch) {
	t.Helper()
	p := newPeer(t, b.URL)
	for i := range copied {
		begun := time.Now().UnixMilli()
		d := order(first + i)
		p.publish(r.cfg.Exchanges.Orders, "", amqp091.Publishing{MessageId: strconv.Itoa(first + i), Headers: d.Headers, Body: d.Body})
		sent = append(sent, dispatch{first + i, begun, time.Now().UnixMilli()})
	}
	for _, tap := range r.taps {
		tap.await(t, idText(first+copied-1))
	}
	return sent
}

// beforeCopy has two nodes follow what will be in the copy.
func beforeCopy(t *testing.T, b *testenv.Broker) *restoration {
	t.Helper()
	r := &restoration{cfg: hearing(newConfig(t, b.URL))}
	r.cfg.LookEvery, r.cfg.Exchanges.Durable = soon, true
	r.start(t, "node-a")
	r.start(t, "node-b")
	r.send(t, b, 0)
	r.kept = lastPosition(r.taps[0].got, order(copied-1).Body)
	return r
}

// copyData copies the data of a broker that has ended.
func copyData(t *testing.T, b *testenv.Broker) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(b.Dir, "copy"), os.DirFS(filepath.Join(b.Dir, "data"))); err != nil {
		t.Fatal(err)
	}
}

// afterCopy has them follow what will not be there, and a third one that alone.
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
		t.Error("the third node holds what is in the copy: the test shows nothing")
	}
}

// check restores the copy. What it has still holds; what it has not is cut off,
// on all nodes alike, and told.
func (r *restoration) check(t *testing.T, b *testenv.Broker) {
	t.Helper()
	data := filepath.Join(b.Dir, "data")
	b.Stop() // in good order: it closes connections with a reason
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(b.Dir, "copy"), data); err != nil {
		t.Fatal(err)
	}
	b.Start()
	for i, n := range r.nodes {
		n.awaitLog(t, []string{"restored from an older copy", "restored from an older copy", anotherStream}[i])
		n.awaitFollowing(t)
	}
	p := newPeer(t, b.URL)
	again := order(1000) // with the id of one that is gone
	p.publish(r.cfg.Exchanges.Orders, "", amqp091.Publishing{MessageId: strconv.Itoa(copied), Headers: again.Headers, Body: again.Body})
	p.send(r.cfg, order(1001))
	r.start(t, "node-d")

	var at journal.Position
	for i, n := range r.nodes {
		got := upTo(r.taps[i].await(t, idText(1001)), idText(1001))
		_, events := gapsIn(t, got)
		checkNumbers(t, numbers(t, events), []int{1000, 1001})
		if p := lastPosition(got, order(1001).Body); i > 0 && p != at {
			t.Errorf("node %d has the last order at %v, the first one at %v", i, p, at)
		} else {
			at = p
		}
		if n.journal.Holds(r.last) {
			t.Errorf("node %d holds %v, which is gone", i, r.last)
		}
		if want := []int{2*copied + 2, 2*copied + 2, len(events), copied + 2}[i]; len(events) != want {
			t.Errorf("node %d has told %d events, want %d", i, len(events), want)
		}
		if i == 3 { // it was not there
			continue
		}
		if count := n.metrics.gaps.count(func(g event.GapReason) bool { return g == event.GapStream }); count != 1 {
			t.Errorf("node %d has told %d gaps of the stream, want one", i, count)
		}
	}
	for _, i := range []int{0, 1, 3} { // the window of the third one is short
		n := r.nodes[i]
		resumed := &tap{woken: make(chan struct{}, 1)}
		var ok bool
		resumed.mu.Lock()
		resumed.cursor, _, ok = n.journal.Resume(alice, resumed, r.kept)
		resumed.mu.Unlock()
		if !ok {
			t.Errorf("node %d: %v no longer holds", i, r.kept)
			continue
		}
		gaps, events := gapsIn(t, upTo(resumed.read(t), idText(1001)))
		if got := numbers(t, events); len(got) != 2 || got[0] != 1000 {
			t.Errorf("node %d: who resumes reads %v, want 1000 and 1001", i, got)
		}
		if i < 2 { // to the last one, they never were
			checkCovered(t, r.gone, gaps)
		}
		resumed.cursor.Close()
	}
}
