package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// results are all that was measured.
type results struct {
	lines []*line // in the order of the table
}

// line is one figure with one source. Where both servers were measured, values of
// the same index are of one round.
type line struct {
	figure
	source     string
	ours, bare []float64
	fed        []float64 // what the broker fed ours, round by round; none where it is not told
}

// add notes a value of a server.
func (r *results) add(f figure, source, server string, value float64) {
	l := r.line(f, source)
	if server == bareLoop {
		l.bare = append(l.bare, value)
	} else {
		l.ours = append(l.ours, value)
	}
}

// line returns the line of a figure, adding it where there is none.
func (r *results) line(f figure, source string) *line {
	i := slices.IndexFunc(r.lines, func(l *line) bool { return l.name == f.name && l.source == source })
	if i < 0 {
		i = len(r.lines)
		r.lines = append(r.lines, &line{figure: f, source: source})
	}
	return r.lines[i]
}

// ratio is ours / bare, of the medians; low and high are the least and the
// greatest of a round. All are NaN where there is nothing to divide.
func (l *line) ratio() (median, low, high float64) {
	low, high = math.NaN(), math.NaN()
	for i := range min(len(l.ours), len(l.bare)) {
		r := l.ours[i] / l.bare[i]
		if i == 0 {
			low, high = r, r
		}
		low, high = min(low, r), max(high, r)
	}
	return middle(l.ours) / middle(l.bare), low, high
}

// middle is the median, NaN of none.
func middle(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// verdict tells the targets, and whether all are met.
func (l *line) verdict() (targets string, met bool) {
	ratio, _, _ := l.ratio()
	ours := middle(l.ours)
	var told []string
	met = true
	if t := l.target.ratio; t > 0 {
		told = append(told, fmt.Sprintf("<= %.2f of bare", t))
		met = met && ratio <= t
	}
	if t := l.target.most; t > 0 {
		told = append(told, "<= "+number(t)+" "+l.unit)
		met = met && ours <= t
	}
	if t := l.target.least; t > 0 {
		enough := ">= " + number(t) + " " + l.unit
		reached := ours >= t
		if share := l.share(); !math.IsNaN(share) {
			enough += fmt.Sprintf(" or all that the broker feeds (%.0f %% of it)", 100*share)
			reached = reached || share >= wholeShare
		}
		told = append(told, enough)
		met = met && reached
	}
	return strings.Join(told, ", "), met
}

// wholeShare is how much of what the broker fed is all of it: a server whose last event
// comes that much later than the last trade was confirmed has kept up.
const wholeShare = 0.95

// share is how much ours delivered of what the broker fed meanwhile, the median of all
// rounds; NaN where that is not told.
func (l *line) share() float64 {
	var shares []float64
	for i, fed := range l.fed {
		shares = append(shares, l.ours[i]/fed)
	}
	return middle(shares)
}

// print writes the table.
func (r *results) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "\tsource\tranger\tbare\t\tranger/bare\trounds\tmust be\t")
	for _, l := range r.lines {
		told, met := l.verdict()
		mark := ""
		switch {
		case told == "":
		case met:
			mark = "met"
		default:
			mark = "NOT MET"
		}
		median, low, high := l.ratio()
		ratio, span := "", ""
		if !math.IsNaN(median) {
			ratio, span = fmt.Sprintf("%.3f", median), fmt.Sprintf("%.3f-%.3f", low, high)
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			l.title, l.source, number(middle(l.ours)), number(middle(l.bare)), l.unit, ratio, span, told, mark)
	}
	return t.Flush()
}

// number writes a value with as many digits as tell something.
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
