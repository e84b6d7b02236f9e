package amqp_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

// retry publishes an order, or a trade of that number, with an id.
func (p *peer) retry(exchange string, number int, id string) {
	p.tb.Helper()
	p.publish(exchange, "", amqp091.Publishing{
		MessageId: id,
		Headers:   amqp091.Table{"member_uid": string(alice), "ask_member_uid": string(alice)},
		Body:      order(number).Body,
	})
}

// A message that its publisher sent again is an event once.
func TestRetries(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.LookEvery = never // no markers but the test's own
	n := newNode(cfg)
	alices := n.tap(t, alice)
	n.run(t)
	n.awaitFollowing(t)
	p := newPeer(t, cfg.URL)
	clock := time.Now().UnixMilli()
	later := func(d time.Duration) {
		clock += d.Milliseconds()
		p.publish("", cfg.Stream, amqp091.Publishing{Type: "ranger.marker", Body: fmt.Appendf(nil, `{"id":"a test's","n":1,"at":%d}`, clock)})
	}
	orders, trades := cfg.Exchanges.Orders, cfg.Exchanges.Trades
	var want []int
	step := func(exchange string, number int, id string, event bool) {
		p.retry(exchange, number, id)
		if event {
			want = append(want, number)
		}
	}
	step(orders, 1, "a", true)
	step(orders, 1, "a", false)
	step(orders, 2, "a", false) // the id decides
	step(trades, 3, "a", true)  // each exchange has ids of its own
	step(trades, 3, "a", false)
	step(orders, 4, "", true)
	step(orders, 4, "", true) // without an id it is another one
	step(orders, 5, "b", true)
	later(59 * time.Second)
	step(orders, 5, "b", false)
	step(orders, 6, "c", true)
	later(2 * time.Second)
	step(orders, 5, "b", false) // it was read two seconds ago
	later(59 * time.Second)
	step(orders, 6, "c", true) // a minute is over
	step(orders, 7, "b", false)
	later(-time.Hour) // the node's clock is set
	step(orders, 8, "c", true)
	step(orders, 8, "c", false)
	later(time.Hour)
	step(orders, 9, "c", true)
	step(orders, 10, "", true)

	retried := 7
	for _, late := range []bool{false, true} {
		if late {
			cfg.Node = "node-b"
			n = newNode(cfg)
			alices = n.tap(t, alice)
			n.run(t)
		}
		got := numbers(t, alices.await(t, idText(10)))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("a node that came late (%t) has %v, want %v", late, got, want)
		}
		if got := n.metrics.retried.count(func(struct{}) bool { return true }); got != retried {
			t.Errorf("a node that came late (%t) counted %d retries, want %d", late, got, retried)
		}
	}
}

// A node whose window begins between a message and its retry decides as the one
// that has read both.
func TestRetryAtTheWindowsBegin(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.LookEvery = soon
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	markers := p.follow(cfg.Stream)
	cfg.Node = "node-b"
	for i := 1; ; i += 2 {
		// A slow machine may start the node when its window has passed the retry too.
		cfg.Window = time.Duration(i) * 2 * time.Second
		p.retry(cfg.Exchanges.Orders, i, strconv.Itoa(i))
		first := lastPosition(alices.await(t, idText(i)), order(i).Body)
		awaitLooks(t, markers, time.Now().Add(cfg.Window).UnixMilli(), "node-a")
		p.retry(cfg.Exchanges.Orders, i, strconv.Itoa(i))
		stream := p.stream(cfg.Stream)
		again := slices.IndexFunc(stream, func(m stored) bool { return m.at.Offset > first.Offset && m.at.Check == first.Check })
		late := newNode(cfg)
		lates := late.tap(t, alice)
		late.run(t)
		late.awaitFollowing(t)
		p.send(cfg, order(i+1))
		if got := numbers(t, alices.await(t, idText(i+1))); len(got) != i+1 {
			t.Errorf("who followed has %v, want 1 to %d", got, i+1)
		}
		got := numbers(t, lates.await(t, idText(i+1)))
		retried := late.metrics.retried.count(func(struct{}) bool { return true })
		late.stop(t)
		if late.journal.Holds(first) {
			t.Fatal("the window of who came late begins before the first: the test shows nothing")
		}
		if !late.journal.Holds(stream[again].at) {
			continue
		}
		if len(got) != 1 {
			t.Errorf("who came late has %v, want %d alone", got, i+1)
		}
		if retried != 1 {
			t.Errorf("who came late counted %d retries, want 1", retried)
		}
		return
	}
}

// I3: whoever begins to read two minutes before a message decides about it as
// one who has read all, if there were markers now and then, however wrong the
// clocks of other nodes are, and whenever these come and go.
func TestRetriesAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type step struct {
			at     int64  // broker's time, ms
			marker string // the node's that wrote it
			clock  int64
			id     string
		}
		// The first node is there all the time.
		ahead := rapid.SliceOfN(rapid.SampledFrom([]int64{0, 3000, -3000, 20_000, 55_000, 60_000, 65_000, -40_000, 3_600_000, -600_000}), 1, 4).Draw(t, "ahead")
		gone := rapid.SliceOfN(rapid.SampledFrom([]int{30, 60, 100, 150, 300}), len(ahead), len(ahead)).Draw(t, "gone")
		gone[0] = 300
		var steps []step
		at, marked := int64(10_000_000), int64(0)
		for range rapid.IntRange(100, 300).Draw(t, "steps") {
			at += rapid.SampledFrom([]int64{0, 100, 1500, 3000, 5000}).Draw(t, "pause") // evenly, not few
			s := step{at: at}
			node := rapid.SampledFrom([]int{-2, -1, 0, 1, 2, 3}).Draw(t, "node")
			if at-marked > 5000 || node >= len(ahead) {
				node = 0
			}
			if node >= 0 && len(steps) < gone[node] {
				s.marker, s.clock = strconv.Itoa(node), at+ahead[node]
			} else {
				s.id = strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "id"))
			}
			if node == 0 {
				marked = at
			}
			steps = append(steps, s)
		}
		decide := func(from, begin int64) (decisions []bool) {
			r := amqp.NewRetries(1 << 20)
			for _, s := range steps {
				switch {
				case s.at < from:
				case s.marker != "":
					r.Tick(s.marker, s.clock)
				default:
					if again := r.Again("x", s.id); s.at >= begin {
						decisions = append(decisions, again)
					}
				}
			}
			return decisions
		}
		begin := at - rapid.SampledFrom([]int64{0, 1, 10_000, 20_000, 40_000, 60_000}).Draw(t, "window")
		all, late := decide(0, begin), decide(begin-amqp.ReadBack.Milliseconds(), begin)
		if fmt.Sprint(all) != fmt.Sprint(late) {
			t.Fatalf("from %d on: who has read all decides %v, who came late %v", begin, all, late)
		}
	})
}

// However many messages come, few are remembered; the newest are.
func TestRetriesAreBounded(t *testing.T) {
	t.Parallel()
	const most = 1000
	r := amqp.NewRetries(most)
	for i := range 5 * most {
		r.Again("x", strconv.Itoa(i))
		if known, queued := r.Held(); known > most || queued > 2*most+2 {
			t.Fatalf("%d ids are known, %d queued, want %d", known, queued, most)
		}
	}
	for _, c := range []struct {
		number int
		want   bool
	}{{5*most - 1, true}, {4*most + 1, true}, {4*most - 1, false}} {
		if got := r.Again("x", strconv.Itoa(c.number)); got != c.want {
			t.Errorf("message %d of %d is remembered: %t, want %t", c.number, 5*most, got, c.want)
		}
	}
	for range 5 * most {
		r.Again("x", "the same")
	}
	if known, queued := r.Held(); known != 1 || queued > 2*most+2 {
		t.Errorf("%d ids are known, %d queued, want one", known, queued)
	}
	r.Tick("a", 1)
	r.Tick("a", 1+60_000)
	if known, _ := r.Held(); known != 1 {
		t.Errorf("%d ids are known after a minute, want one", known)
	}
	r.Tick("a", 1+60_001)
	if known, queued := r.Held(); known != 0 || queued != 0 {
		t.Errorf("%d ids are known after more than a minute, %d queued", known, queued)
	}
}

// What was read, and is to be read again, is as if it had not been.
func TestRetriesTakeBack(t *testing.T) {
	t.Parallel()
	r := amqp.NewRetries(1000)
	r.Again("x", "a")
	for n := range 3 {
		if r.Again("x", "b") {
			t.Errorf("b is known after it was taken back %d times", n)
		}
		r.TakeBack("b")
		if known, queued := r.Held(); known != 1 || queued != 1 {
			t.Errorf("%d ids are known, %d queued, want a alone", known, queued)
		}
	}
	r.Again("x", "")
	r.TakeBack("") // was never remembered
	if !r.Again("x", "a") {
		t.Error("a is not known")
	}
}
