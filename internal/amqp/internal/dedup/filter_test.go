package dedup_test

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"ranger/internal/amqp/internal/dedup"
)

// filter is a dedup.Filter for messages of one exchange.
type filter struct{ *dedup.Filter }

func newFilter(maxMessages int) filter { return filter{dedup.New(maxMessages)} }

func (f filter) duplicate(id string) bool { return f.Duplicate([]byte("x"), []byte(id)) }

func (f filter) undo(id string) { f.Undo([]byte(id)) }

// observe observes a marker of a writer, on a node of that name.
func (f filter) observe(writer string, at int64) {
	f.Observe(dedup.Observation{Writer: writer, Node: writer, At: at})
}

// want checks how many ids are remembered, and that the queue has at most maxPlaces.
func (f filter) want(tb testing.TB, when string, ids, maxPlaces int) {
	tb.Helper()
	if got, places := f.Remembered(); got != ids || places > maxPlaces {
		tb.Fatalf("%s: %d ids are remembered in %d places, want %d in at most %d", when, got, places, ids, maxPlaces)
	}
}

func TestFilter_FindsDuplicatesByExchangeAndID(t *testing.T) {
	t.Parallel()
	f := dedup.New(1000)
	for i, c := range []struct {
		exchange, id string
		want         bool
	}{
		{"orders", "a", false},
		{"orders", "a", true},
		{"trades", "a", false}, // each exchange has its own ids
		{"trades", "a", true},
		{"orders", "", false},
		{"orders", "", false}, // without an id it is another message
		{"orders", "b", false},
		{"order", "sb", false},
	} {
		if got := f.Duplicate([]byte(c.exchange), []byte(c.id)); got != c.want {
			t.Errorf("message %d: Duplicate(%s, %q) = %t, want %t", i, c.exchange, c.id, got, c.want)
		}
	}
}

// Many messages come, but the memory is bounded: the newest are remembered.
func TestFilter_IsBounded(t *testing.T) {
	t.Parallel()
	const limit = 1000
	f := newFilter(limit)
	for i := range 5 * limit {
		f.duplicate(strconv.Itoa(i))
		f.want(t, "after message "+strconv.Itoa(i), min(i+1, limit), 2*limit+2)
	}
	for _, c := range []struct {
		number int
		want   bool
	}{{5*limit - 1, true}, {4*limit + 1, true}, {4*limit - 1, false}} {
		if got := f.duplicate(strconv.Itoa(c.number)); got != c.want {
			t.Errorf("message %d of %d is a duplicate: %t, want %t", c.number, 5*limit, got, c.want)
		}
	}
	for range 5 * limit {
		f.duplicate("the same")
	}
	f.want(t, "after one id only", 1, 2*limit+2)
	f.observe("a", 1)
	f.observe("a", 1+60_000)
	f.want(t, "after a minute", 1, 2*limit+2)
	f.observe("a", 1+60_001)
	f.want(t, "after more than a minute", 0, 0)
}

func TestFilter_UndoForgetsTheNewestMessage(t *testing.T) {
	t.Parallel()
	f := newFilter(1000)
	f.duplicate("a")
	for n := range 3 {
		if f.duplicate("b") {
			t.Errorf("b is a duplicate after %d calls of Undo, want none", n)
		}
		f.undo("b")
		f.want(t, "after Undo", 1, 1)
	}
	f.duplicate("")
	f.undo("") // was never remembered
	if !f.duplicate("a") {
		t.Error("a is no duplicate, want one")
	}
}

// step is a message in a stream: a marker if it has a writer, else one with an id.
type step struct {
	at     int64 // the broker's time, ms
	writer string
	clock  int64 // the writer's, ms
	id     string
}

// drawSteps draws a stream. Node 0 writes markers all the time, at least every 5 s;
// other nodes come and go. Their clocks are wrong.
func drawSteps(t *rapid.T) (steps []step) {
	ahead := rapid.SliceOfN(rapid.SampledFrom([]int64{0, 3000, -3000, 20_000, 55_000, 60_000, 65_000, -40_000, 3_600_000, -600_000}), 1, 4).Draw(t, "ahead")
	gone := rapid.SliceOfN(rapid.SampledFrom([]int{30, 60, 100, 150, 300}), len(ahead), len(ahead)).Draw(t, "gone")
	gone[0] = 300
	at, marked := int64(10_000_000), int64(0)
	for range rapid.IntRange(100, 300).Draw(t, "steps") {
		at += rapid.SampledFrom([]int64{0, 100, 1500, 3000, 5000}).Draw(t, "pause") // evenly, not few
		s := step{at: at}
		node := rapid.SampledFrom([]int{-2, -1, 0, 1, 2, 3}).Draw(t, "node")
		if at-marked > 5000 || node >= len(ahead) {
			node = 0
		}
		if node >= 0 && len(steps) < gone[node] {
			s.writer, s.clock = strconv.Itoa(node), at+ahead[node]
		} else {
			s.id = strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "id"))
		}
		if node == 0 {
			marked = at
		}
		steps = append(steps, s)
	}
	return steps
}

// decisions returns which messages from begin on are duplicates for a node that
// reads the steps from a time on.
func decisions(steps []step, from, begin int64) (duplicates []bool) {
	f := newFilter(1 << 20)
	for _, s := range steps {
		switch {
		case s.at < from:
		case s.writer != "":
			f.observe(s.writer, s.clock)
		default:
			if duplicate := f.duplicate(s.id); s.at >= begin {
				duplicates = append(duplicates, duplicate)
			}
		}
	}
	return duplicates
}

// I3: a node that begins to read two minutes before a message decides about it as
// one that has read everything, if there were markers now and then, however wrong the
// clocks of other nodes are, and whenever these come and go.
func TestFilter_DecidesAlikeOnAllNodes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		steps := drawSteps(t)
		window := rapid.SampledFrom([]int64{0, 1, 10_000, 20_000, 40_000, 60_000}).Draw(t, "window")
		begin := steps[len(steps)-1].at - window
		want := decisions(steps, 0, begin)
		got := decisions(steps, begin-2*dedup.Window.Milliseconds(), begin)
		if !slices.Equal(got, want) {
			t.Fatalf("duplicates from %d on: got %v by a late node, want %v", begin, got, want)
		}
	})
}
