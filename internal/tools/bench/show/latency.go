package show

import (
	"slices"

	"ranger/internal/tools/bench"
)

// percents returns all that one of the latencies has, rising.
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

// quantile returns that of l at so many percent.
func quantile(l bench.Latency, percent float64) (bench.Quantile, bool) {
	i := slices.IndexFunc(l.Quantiles, func(q bench.Quantile) bool { return q.Percent == percent })
	if i < 0 {
		return bench.Quantile{}, false
	}
	return l.Quantiles[i], true
}

// latencyUnit returns the one that a table of latencies is in: that of the least
// quantile, or the next where this has few digits in it, since 0.45 ms reads better
// beside 12.3 ms than 450 µs beside 12,300 µs.
func latencyUnit(all []bench.Latency) unit {
	least := 0.0
	for _, l := range all {
		if len(l.Quantiles) > 0 && (least == 0 || l.Quantiles[0].Micros < least) {
			least = l.Quantiles[0].Micros
		}
	}
	return scaled(least*2.5, "µs")
}

// fault is one kind, and how many there were.
type fault struct {
	Name  string
	Means string
	Count int64
}

func faultKinds(f bench.Faults) []fault {
	return []fault{
		{"misdelivered", "an event reached another user's socket", f.Misdelivered},
		{"missing", "a socket was not sent an event", f.Missing},
		{"twice", "a socket was sent an event again, or out of order", f.Twice},
		{"broken", "a frame that the protocol does not have, or a socket that ended", f.Broken},
	}
}
