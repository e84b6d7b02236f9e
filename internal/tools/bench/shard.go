package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// shards is how many parts the sockets' latencies are counted in, so that
	// readers seldom wait for each other.
	shards = 16
	// maxMicros is the longest latency that is told apart: a minute.
	maxMicros = 60_000_000
	// precision is how many digits of a latency are kept.
	precision = 3
)

// shard counts for a part of the sockets.
type shard struct {
	mu         sync.Mutex
	histograms [lanes]*hdrhistogram.Histogram // guarded by mu: µs
}

// sample is one latency.
type sample struct {
	lane lane
	took time.Duration
}

// add counts samples.
func (s *shard) add(samples []sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range samples {
		h := s.histograms[x.lane]
		if h == nil {
			h = hdrhistogram.New(1, maxMicros, precision)
			s.histograms[x.lane] = h
		}
		_ = h.RecordValue(min(max(x.took.Microseconds(), 1), maxMicros)) // it is in range
	}
}

// merge returns all latencies of a lane.
func (r *run) merge(l lane) *hdrhistogram.Histogram {
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

// latency adds the latencies of a lane to the report, and returns them. A lane
// without any is left out.
func (r *run) latency(name, title string, l lane) *hdrhistogram.Histogram {
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
