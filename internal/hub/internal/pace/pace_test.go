package pace_test

import (
	"testing"
	"time"

	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/pace"
)

// With more processors the writers share the work sooner.
func TestInlineLimit_OfProcessors(t *testing.T) {
	for procs, want := range map[int]int{1: 200, 2: 100, 8: 25, 64: 4, 256: 4} {
		if got := pace.InlineLimit(procs); got != want {
			t.Errorf("InlineLimit(%d) = %d, want %d", procs, got, want)
		}
	}
}

// The limits are crossed at 750 and 250 events/s, also if a write has several events.
func TestPace_ThrottlesAndReleases(t *testing.T) {
	for _, perWrite := range []int{1, 2, 5} {
		var p pace.Pace
		now := clock.Monotonic(1)
		write := func(rate, n int) {
			for range n {
				now = now.Add(time.Duration(perWrite) * time.Second / time.Duration(rate))
				p.Count(perWrite, now)
			}
		}
		limit := func() int { return p.LimitInline(100, func() clock.Monotonic { return now }) }
		for _, step := range []struct {
			rate      int // events/s
			throttled bool
			limit     int
		}{
			{200, false, 100},
			{500, false, 4},
			{1000, true, 4},
			{400, true, 4},
			{150, false, 100},
			{500, false, 4},
		} {
			write(step.rate, 200)
			if got, inline := p.Throttled(), limit(); got != step.throttled || perWrite == 1 && inline != step.limit {
				t.Errorf("%d events/s, %d per write: throttled %t, inline limit %d; want %t, %d",
					step.rate, perWrite, got, inline, step.throttled, step.limit)
			}
		}
		now = now.Add(time.Second)
		if got := limit(); got != 100 {
			t.Errorf("after a second: inline limit %d, want 100", got)
		}
	}
}

func TestPace_CountIsBounded(t *testing.T) {
	var p pace.Pace
	for range 100 {
		p.Count(1<<20, 1)
	}
	if !p.Throttled() || p.Last() != 1 {
		t.Errorf("throttled %t, last %d; want true, 1", p.Throttled(), p.Last())
	}
}
