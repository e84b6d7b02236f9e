package dedup_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"ranger/internal/amqp/internal/dedup"
)

// A duplicate is found for a minute, whatever the clock of one of two nodes says;
// when that node comes and goes, for less.
func TestFilter_ToleratesAWrongClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{
		0, 3 * time.Second, -3 * time.Second, 61 * time.Second, -61 * time.Second, time.Hour, -time.Hour, 500_000 * time.Hour,
	} {
		for name, c := range map[string]struct {
			there func(step int) bool // whether the node with the wrong clock is there
			from  int                 // messages from this step on are remembered for a minute
		}{
			"always":       {func(int) bool { return true }, 0},
			"has come":     {func(step int) bool { return step > 20 }, 21},
			"has gone":     {func(step int) bool { return step < 20 }, 25},
			"for a moment": {func(step int) bool { return step == 20 }, 25},
		} {
			t.Run(fmt.Sprint(name, " ", ahead), func(t *testing.T) {
				t.Parallel()
				from := c.from
				if ahead.Abs() < 15*time.Second { // as clocks usually differ
					from = 0
				}
				checkMinute(t, ahead, c.there, from)
			})
		}
	}
}

// checkMinute checks that what is read at a step from from on is remembered for a
// minute. A step is 5 s.
func checkMinute(t *testing.T, ahead time.Duration, there func(step int) bool, from int) {
	t.Helper()
	f := newFilter(1 << 20)
	clock := time.UnixMilli(1_800_000_000_000)
	for step := range 100 {
		if clock = clock.Add(5 * time.Second); there(step) {
			f.observe("wrong", clock.Add(ahead).UnixMilli())
		}
		f.observe("right", clock.Add(time.Second).UnixMilli())
		f.duplicate("a" + strconv.Itoa(step))
		f.duplicate("b" + strconv.Itoa(step))
		if young := step - 11; young >= from && !f.duplicate("a"+strconv.Itoa(young)) {
			t.Errorf("a message of step %d is no duplicate at step %d, want one", young, step)
		}
		if old := step - 13; old >= from && f.duplicate("b"+strconv.Itoa(old)) {
			t.Errorf("a message of step %d is a duplicate at step %d, want none", old, step)
		}
	}
}

func TestFilter_RemembersFewMarkers(t *testing.T) {
	t.Parallel()
	f := newFilter(1 << 20)
	for i := range dedup.MaxObservations + 100 {
		f.observe(strconv.Itoa(i), int64(i))
		if got, want := f.Observations(), min(i+1, dedup.MaxObservations); got != want {
			t.Fatalf("%d markers are remembered after %d, want %d", got, i+1, want)
		}
	}
}

// Clocks differ if a marker between two of another node is earlier than both by more
// than a minute.
func TestFilter_FindsSkew(t *testing.T) {
	t.Parallel()
	const minute = 60_000
	type marker struct {
		node string
		at   int64
	}
	for name, c := range map[string]struct {
		markers []marker // the last one is asked about
		want    string   // the node that is behind; empty for none
	}{
		"no marker before":      {[]marker{{"b", 0}}, ""},
		"in order":              {[]marker{{"b", 0}, {"c", 5}, {"b", 10}}, ""},
		"a minute":              {[]marker{{"b", minute}, {"c", 0}, {"b", minute}}, ""},
		"more than a minute":    {[]marker{{"b", minute + 1}, {"c", 0}, {"b", minute + 1}}, "c"},
		"earlier than one only": {[]marker{{"b", minute + 1}, {"c", 0}, {"b", 0}}, ""},
		"no marker in between":  {[]marker{{"b", 0}, {"c", 0}, {"b", 60 * minute}}, ""},
		"not in between":        {[]marker{{"c", 0}, {"b", 5 * minute}, {"b", 5*minute + 1}}, ""},
		"the node itself":       {[]marker{{"b", 5 * minute}, {"b", 0}, {"b", 5 * minute}}, ""},
	} {
		f := newFilter(1000)
		last := len(c.markers) - 1
		for _, m := range c.markers[:last] {
			f.observe(m.node, m.at)
		}
		got, ok := f.Skew(dedup.Observation{Writer: c.markers[last].node, Node: c.markers[last].node, At: c.markers[last].at})
		if got.Node != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %+v, %t, want node %q", name, got, ok, c.want)
		}
	}
}

func TestFilter_LatestIsTheNewestMarkersTime(t *testing.T) {
	t.Parallel()
	f := newFilter(1000)
	for _, want := range []int64{0, 100_000, 5000, 7000} {
		if want > 0 {
			f.observe("a", want)
		}
		if got := f.Latest(); got != want {
			t.Errorf("Latest() = %d, want %d", got, want)
		}
	}
}
