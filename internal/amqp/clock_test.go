package amqp_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

// A retry is known for a minute, whatever the clock of one of two nodes says; when
// that node comes and goes, for less.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const end = 100
	for _, ahead := range []time.Duration{
		0, 3 * time.Second, -3 * time.Second, 61 * time.Second, -61 * time.Second, time.Hour, -time.Hour, 500_000 * time.Hour,
	} {
		for name, c := range map[string]struct {
			there func(step int) bool // that node
			from  int                 // the step from which on what is read is known for a minute
		}{
			"always":       {func(int) bool { return true }, 0},
			"has come":     {func(step int) bool { return step > 20 }, 21},
			"has gone":     {func(step int) bool { return step < 20 }, 25},
			"for a moment": {func(step int) bool { return step == 20 }, 25},
		} {
			t.Run(fmt.Sprint(name, " ", ahead), func(t *testing.T) {
				t.Parallel()
				r := amqp.NewRetries(1 << 20)
				clock := time.UnixMilli(1_800_000_000_000)
				from := c.from
				if ahead.Abs() < 15*time.Second { // as clocks are
					from = 0
				}
				ask := func(family string, step int) bool { return r.Again("x", family+strconv.Itoa(step)) }
				for step := range end {
					if clock = clock.Add(5 * time.Second); c.there(step) {
						r.Tick("wrong", clock.Add(ahead).UnixMilli())
					}
					r.Tick("right", clock.Add(time.Second).UnixMilli())
					ask("a", step)
					ask("b", step)
					if young := step - 11; young >= from && !ask("a", young) {
						t.Errorf("what was read at step %d is not known at step %d", young, step)
					}
					if old := step - 13; old >= from && ask("b", old) {
						t.Errorf("what was read at step %d is known at step %d", old, step)
					}
				}
			})
		}
	}
}

// However many nodes write markers, few of these are remembered.
func TestClocksAreBounded(t *testing.T) {
	t.Parallel()
	r := amqp.NewRetries(1 << 20)
	for i := range amqp.MaxHeard + 100 {
		r.Tick(strconv.Itoa(i), int64(i))
		if got, want := r.Heard(), min(i+1, amqp.MaxHeard); got != want {
			t.Fatalf("%d markers are remembered after %d, want %d", got, i+1, want)
		}
	}
}

// Clocks that differ by more than a minute are told, once, with the nodes' names.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.LookEvery = never // no markers but the test's own
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	const told = "the clocks of two nodes differ"
	clock := time.Now()
	mark := func(id string, ahead time.Duration) {
		p.publish("", cfg.Stream, amqp091.Publishing{
			Type: "ranger.marker",
			Body: fmt.Appendf(nil, `{"node":"host of %s","id":"%[1]s","n":1,"at":%d}`, id, clock.Add(ahead).UnixMilli()),
		})
		clock = clock.Add(5 * time.Second)
	}
	mark("b", 0)
	for range 5 { // these differ by less
		mark("c", 50*time.Second)
		mark("b", 0)
	}
	clock = clock.Add(time.Hour) // nobody is there
	mark("d", 0)
	mark("b", 0)
	mark("d", 0)
	mark("b", time.Hour) // it is set
	mark("d", 0)
	mark("b", 0)
	p.send(cfg, order(1))
	alices.await(t, idText(1))
	if got := n.log.count(says(told)); got != 0 {
		t.Errorf("it was told %d times, with clocks that are right: %v", got, n.log.items)
	}
	for range 5 {
		mark("e", -10*time.Minute)
		mark("b", 0)
	}
	p.send(cfg, order(2))
	alices.await(t, idText(2))
	if got := n.log.count(says(told)); got != 1 {
		t.Fatalf("it was told %d times, want once: %v", got, n.log.items)
	}
	l := n.awaitLog(t, told)
	if l.attrs["ahead"] != "host of b" || l.attrs["behind"] != "host of e" {
		t.Errorf("it was told of %v", l.attrs)
	}
}
