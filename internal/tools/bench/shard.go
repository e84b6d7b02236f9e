package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// shards is the number of parts in which latencies are counted, so that readers
	// seldom contend.
	shards = 16
	// maxMicros is the longest latency that is resolved: a minute.
	maxMicros = 60_000_000
	// precision is the number of significant digits of a latency.
	precision = 3
)

// shard counts the latencies of a part of the sockets.
type shard struct {
	mu         sync.Mutex
	histograms [classes]*hdrhistogram.Histogram // guarded by mu: µs
}

// sample is one latency.
type sample struct {
	class class
	took  time.Duration
}

// add counts samples.
func (s *shard) add(samples []sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range samples {
		h := s.histograms[x.class]
		if h == nil {
			h = hdrhistogram.New(1, maxMicros, precision)
			s.histograms[x.class] = h
		}
		_ = h.RecordValue(min(max(x.took.Microseconds(), 1), maxMicros)) // it is in range
	}
}

// merge returns all latencies of a class.
func (r *run) merge(l class) *hdrhistogram.Histogram {
	all := hdrhistogram.New(1, maxMicros, precision)
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		if h := s.histograms[l]; h != nil {
			all.Merge(h)
		}
		s.mu.Unlock()
	}
	return all
}

// latency adds the latencies of a class to the report, if there are any, and returns
// them.
func (r *run) latency(name, title string, l class) *hdrhistogram.Histogram {
	h := r.merge(l)
	if h.TotalCount() == 0 {
		return h
	}
	found := Latency{Name: name, Title: title, Count: h.TotalCount()}
	for _, percent := range []float64{50, 90, 99, 99.9, 99.99, 100} {
		found.Quantiles = append(found.Quantiles, Quantile{percent, float64(h.ValueAtQuantile(percent))})
	}
	r.report.Latencies = append(r.report.Latencies, found)
	return h
}
