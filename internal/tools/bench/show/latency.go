package show

import (
	"slices"

	"ranger/internal/tools/bench"
)

// percents returns the percents of all quantiles, rising.
func percents(all []bench.Latency) []float64 {
	var got []float64
	for _, l := range all {
		for _, q := range l.Quantiles {
			got = append(got, q.Percent)
		}
	}
	slices.Sort(got)
	return slices.Compact(got)
}

// quantile returns the quantile of l at a percent, if there is one.
func quantile(l bench.Latency, percent float64) (bench.Quantile, bool) {
	i := slices.IndexFunc(l.Quantiles, func(q bench.Quantile) bool { return q.Percent == percent })
	if i < 0 {
		return bench.Quantile{}, false
	}
	return l.Quantiles[i], true
}

// latencyUnit returns the unit of a table of latencies: that of the lowest quantile, or
// the next larger one if the quantile has few digits in it. 0.45 ms and 12.3 ms read
// better than 450 µs and 12,300 µs.
func latencyUnit(all []bench.Latency) unit {
	least := 0.0
	for _, l := range all {
		if len(l.Quantiles) > 0 && (least == 0 || l.Quantiles[0].Micros < least) {
			least = l.Quantiles[0].Micros
		}
	}
	return scaled(least*2.5, "µs")
}

// fault is a kind of fault and its count.
type fault struct {
	Name  string
	Means string
	Count int64
}

func faultKinds(f bench.Faults) []fault {
	return []fault{
		{"misdelivered", "a socket received an event of another user", f.Misdelivered},
		{"missing", "a socket did not receive an event", f.Missing},
		{"duplicated", "a socket received an event again or out of order", f.Duplicated},
		{"broken", "an invalid frame, or a socket that ended", f.Broken},
	}
}
