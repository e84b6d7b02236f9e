package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// print writes the table: for each variant its median, and the ratio to the baseline
// with its range over the rounds; for an old and a new program also their ratio.
func (r *results) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := append([]string{"", "source"}, r.variants...)
	head = append(head, "unit")
	pairs := r.pairs()
	for _, p := range pairs {
		head = append(head, p[0]+"/"+p[1], "rounds")
	}
	_, _ = fmt.Fprintln(t, strings.Join(append(head, "must be", ""), "\t"))
	for _, l := range r.lines {
		cells := []string{l.title, l.source}
		for _, v := range r.variants {
			cells = append(cells, number(median(l.values[v])))
		}
		cells = append(cells, l.unit)
		for _, p := range pairs {
			cells = append(cells, l.ratio(p[0], p[1]).cells()...)
		}
		_, _ = fmt.Fprintln(t, strings.Join(append(cells, l.verdictCells()...), "\t"))
	}
	return t.Flush()
}

// pairs returns the pairs of variants whose ratio is printed.
func (r *results) pairs() (pairs [][2]string) {
	for _, v := range r.variants {
		if v != baseline {
			pairs = append(pairs, [2]string{v, baseline})
		}
	}
	if slices.Contains(r.variants, old) && slices.Contains(r.variants, ranger) {
		pairs = append(pairs, [2]string{ranger, old})
	}
	return pairs
}

// cells returns the ratio and its range, empty if there is no ratio.
func (r ratio) cells() []string {
	if math.IsNaN(r.median) {
		return []string{"", ""}
	}
	return []string{fmt.Sprintf("%.3f", r.median), fmt.Sprintf("%.3f-%.3f", r.low, r.high)}
}

func (l *line) verdictCells() []string {
	targets, met := l.verdict()
	switch {
	case targets == "" || len(l.values[ranger]) == 0:
		return []string{"", ""}
	case met:
		return []string{targets, "met"}
	default:
		return []string{targets, "NOT MET"}
	}
}

// number formats a value with three significant digits, or all before the point.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}
