package bench

import (
	"sync"
	"time"
)

// every calls f every d, in a goroutine, until the function that it returns is
// called, which waits for it.
func every(d time.Duration, f func()) (stop func()) {
	var running sync.WaitGroup
	done := make(chan struct{})
	running.Go(func() {
		ticker := time.NewTicker(d)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				f()
			}
		}
	})
	return func() {
		close(done)
		running.Wait()
	}
}

// progressEvery is how often progress is told.
const progressEvery = 200 * time.Millisecond

// watch tells progress until the function that it returns is called.
func (r *run) watch(what string, total int64, done func() int64) (stop func()) {
	tell := r.cfg.Progress
	if tell == nil {
		return func() {}
	}
	tell(what, 0, total)
	end := every(progressEvery, func() { tell(what, done(), total) })
	return func() {
		end()
		tell(what, done(), total)
	}
}

// waiting tells the progress of a wait for so long, from now on.
func (r *run) waiting(what string, d time.Duration) (stop func()) {
	start := r.now()
	return r.watch(what, d.Milliseconds(), func() int64 { return min(r.now()-start, d).Milliseconds() })
}

// series adds what value returns every d to the report, until the function that
// it returns is called. Value is given the time since it was called last.
func (r *run) series(s Series, d time.Duration, value func(passed time.Duration) float64) (stop func()) {
	last := r.now()
	end := every(d, func() {
		now := r.now()
		s.Points = append(s.Points, Point{now.Seconds(), value(now - last)})
		last = now
	})
	return func() {
		end()
		r.report.Series = append(r.report.Series, s)
	}
}

// rateSeries is series of how fast count grows, a second.
func (r *run) rateSeries(name, title string, d time.Duration, count func() int64) (stop func()) {
	before := count()
	return r.series(Series{Name: name, Title: title, Unit: "1/s"}, d, func(passed time.Duration) float64 {
		now := count()
		grown := now - before
		before = now
		return perSecond(grown, passed)
	})
}
