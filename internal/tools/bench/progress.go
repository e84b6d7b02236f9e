package bench

import (
	"sync"
	"time"
)

// every calls f at an interval in a goroutine. stop ends the goroutine and waits for
// it.
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

// progressInterval is the time between two calls of Config.Progress.
const progressInterval = 200 * time.Millisecond

// progress reports a step until stop is called.
func (r *run) progress(what string, total int64, done func() int64) (stop func()) {
	tell := r.cfg.Progress
	if tell == nil {
		return func() {}
	}
	tell(what, 0, total)
	end := every(progressInterval, func() { tell(what, done(), total) })
	return func() {
		end()
		tell(what, done(), total)
	}
}

// waitProgress reports the progress of a wait that starts now.
func (r *run) waitProgress(what string, d time.Duration) (stop func()) {
	start := r.now()
	return r.progress(what, d.Milliseconds(), func() int64 { return min(r.now()-start, d).Milliseconds() })
}

// series adds value's results, one per interval, to the report until stop is called.
// value receives the time since its last call.
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

// rateSeries is series for the growth of count, per second.
func (r *run) rateSeries(name, title string, d time.Duration, count func() int64) (stop func()) {
	before := count()
	return r.series(Series{Name: name, Title: title, Unit: "1/s"}, d, func(passed time.Duration) float64 {
		now := count()
		grown := now - before
		before = now
		return perSecond(grown, passed)
	})
}
