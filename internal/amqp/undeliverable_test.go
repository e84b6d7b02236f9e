package amqp_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	amqp10 "github.com/Azure/go-amqp"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/scan"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// undeliverable are entries of a stream that are not AMQP 1.0 messages with a body of
// bytes, as clients of the stream protocol may store them. RabbitMQ fails on each of them.
var undeliverable = map[string]string{
	"JSON":          `{"id":1}`,
	"a byte":        "x",
	"nothing":       "",
	"no body":       "\x00\x53\x73\xc0\x03\x01\xa1\x00", // properties with an empty message id
	"a value":       "\x00\x53\x77\xa1\x01x",            // a string as body
	"a long string": "\x00\x53\x75\xa0\xff",             // it ends before its length
}

// store appends bytes to a stream as a client of the stream protocol does.
func store(b *testenv.Broker, stream, entry string) {
	var octets []string
	for _, o := range []byte(entry) {
		octets = append(octets, fmt.Sprint(o))
	}
	amqptest.Eval(b, fmt.Sprintf(`{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<%q>>))`, stream),
		`#{leader_pid := P} = amqqueue:get_type_state(Q)`,
		fmt.Sprintf(`ok = osiris:write(P, undefined, 1, <<%s>>)`, strings.Join(octets, ",")))
}

// publishWithSubject publishes an event for alice over AMQP 1.0.
func publishWithSubject(t *testing.T, url, exchange, subject string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience)
	defer cancel()
	c, err := amqp10.Dial(ctx, url, &amqp10.ConnOptions{SASLType: amqp10.SASLTypePlain("guest", "guest")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // nothing depends on it
	s, err := c.NewSession(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := s.NewSender(ctx, "/exchange/"+exchange, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := amqp10.NewMessage([]byte(`{"id":1}`))
	m.Properties = &amqp10.MessageProperties{Subject: &subject}
	if err := sender.Send(ctx, m, nil); err != nil {
		t.Fatal(err)
	}
}

// An entry that the broker cannot deliver is skipped, counted, logged and announced, by
// each node at the same place, also by one that starts later; and all other messages are
// delivered.
func TestSource_PassesEntriesThatTheBrokerCannotDeliver(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	b := testenv.NewBroker(t, map[string]string{"enabled_plugins": "[rabbitmq_amqp1_0]."})
	// In sequence: subtests in parallel would wait for tests that wait for this one's slot.
	t.Run("between events", func(t *testing.T) { testUndeliverableBetweenEvents(t, b) })
	t.Run("first in the stream", func(t *testing.T) { testUndeliverableFirst(t, b) })
	t.Run("last at an exchange", func(t *testing.T) { testUndeliverableInProbe(t, b) })
}

func testUndeliverableBetweenEvents(t *testing.T, b *testenv.Broker) {
	t.Helper()
	cfg := newConfigOn(t, b.URL)
	cfg.CheckInterval = soon
	n, _ := startFollowing(t, cfg)
	other, _ := startFollowing(t, withPortable(named(cfg, "node-b")))
	p, all, others := amqptest.NewPeer(t, b.URL), n.tapWithGaps(t), other.tapWithGaps(t)
	i := 0
	around := func(name string, store func()) {
		p.Send(cfg.Exchanges, order(i))
		store()
		p.Send(cfg.Exchanges, order(i+1))
		all.await(t, idText(i+1))
		others.await(t, idText(i+1))
		i += 2
		if got := n.metrics.undelivered.count(is(event.Undeliverable)); got != i/2 {
			t.Errorf("%s: got a count of %d undeliverable entries, want %d", name, got, i/2)
		}
	}
	for name, entry := range undeliverable {
		around(name, func() { store(b, cfg.Stream, entry) })
	}
	around("a long subject", func() { publishWithSubject(t, b.URL, cfg.Exchanges.Orders, strings.Repeat("s", 300)) })

	late := newNode(named(cfg, "node-c"))
	lates := late.tapWithGaps(t)
	late.run(t)
	lates.await(t, idText(i-1))
	want := places(all.got)
	for name, got := range map[string][]journal.Entry{"a node with other deliveries": others.got, "a node that starts later": lates.got} {
		if got := places(got); !slices.Equal(got, want) {
			t.Errorf("%s has other events or gaps:\n%v, want\n%v", name, got, want)
		}
	}
	if gaps := len(slices.DeleteFunc(want, func(place string) bool { return !strings.HasSuffix(place, " gap") })); gaps != i/2 {
		t.Errorf("got %d gaps, want one for each of %d entries", gaps, i/2)
	}
	checkWalk(t, cfg, i, i/2)
}

// checkWalk checks that a walk through the stream visits so many messages for alice and so
// many entries that the broker cannot deliver, and that each of the latter can be looked at.
func checkWalk(t *testing.T, cfg amqp.Config, messages, entries int) {
	t.Helper()
	walk := func(from uint64, visit func(scan.Stored) bool) {
		if err := scan.Walk(t.Context(), cfg.URL, cfg.Config, from, 0, visit); err != nil {
			t.Errorf("walk from offset %d: %v", from, err)
		}
	}
	var offsets []uint64
	visited := 0
	walk(0, func(m scan.Stored) bool {
		switch {
		case m.Undeliverable:
			offsets = append(offsets, m.Offset)
		case m.Kind == event.Order:
			visited++
		}
		return true
	})
	if visited != messages || len(offsets) != entries || !slices.IsSorted(offsets) {
		t.Errorf("got %d messages and undeliverable entries at %v, want %d, and %d in order", visited, offsets, messages, entries)
	}
	for _, offset := range offsets {
		walk(offset, func(m scan.Stored) bool {
			if m.Offset != offset || !m.Undeliverable {
				t.Errorf("got %+v first, want an undeliverable entry at offset %d", m, offset)
			}
			return false
		})
	}
}

// A stream that begins with such entries is read from the first message after them.
func testUndeliverableFirst(t *testing.T, b *testenv.Broker) {
	t.Helper()
	cfg := newConfigOn(t, b.URL)
	startAndStop(t, cfg) // declares everything
	p := amqptest.NewPeer(t, b.URL)
	p.DeleteQueue(cfg.Stream)
	p.DeclareStream(cfg.Stream, nil)
	p.Bind(cfg.Stream, cfg.Exchanges.Orders)
	for _, entry := range undeliverable {
		store(b, cfg.Stream, entry)
	}
	p.Send(cfg.Exchanges, order(1))
	n := newNode(cfg)
	all := n.tap(t, alice)
	n.run(t)
	if got, want := all.await(t, idText(1)), uint64(len(undeliverable)); len(got) != 1 || got[0].Offset < want {
		t.Errorf("got %v, want one event at offset %d or later", places(got), want)
	}
	n.awaitFollowing(t)
}

// The binding probe has such a message as well, if it was published to the exchange: the
// node discards it, and goes on checking.
func testUndeliverableInProbe(t *testing.T, b *testenv.Broker) {
	t.Helper()
	cfg := newConfigOn(t, b.URL)
	cfg.CheckInterval = soon
	n, _ := startFollowing(t, cfg)
	publishWithSubject(t, b.URL, cfg.Exchanges.Orders, strings.Repeat("s", 300))
	n.metrics.gaps.await(t, "a gap", 0, is(event.GapEntry))
	published := time.Now().UnixMilli()
	stored := amqptest.NewPeer(t, b.URL).Follow(cfg.Stream)
	timeout := time.After(testenv.Patience)
	for checked := int64(0); checked <= published; {
		select {
		case d := <-stored:
			checked = max(checked, parseChecked(t, string(d.Body)).Checked)
			if err := d.Ack(false); err != nil {
				t.Fatal(err)
			}
		case <-timeout:
			t.Fatal("got no marker of a check after the entry, want one")
		}
	}
	if got := n.metrics.gaps.count(is(event.GapBinding)); got != 0 {
		t.Errorf("got %d gaps of a binding, want none", got)
	}
}

// named returns cfg for another node.
func named(cfg amqp.Config, node string) amqp.Config {
	cfg.Node = node
	return cfg
}

// places returns for each entry its offset, and its id or that it is a gap.
func places(entries []journal.Entry) []string {
	var all []string
	for _, e := range entries {
		what, _, _ := strings.Cut(string(e.Message), ",")
		if strings.HasPrefix(what, `{"gap"`) {
			what = "gap"
			if !strings.Contains(string(e.Message), `"reason":"entry"`) {
				what = string(e.Message)
			}
		}
		all = append(all, fmt.Sprint(e.Offset, " ", what))
	}
	return all
}
