package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// results holds everything that was measured.
type results struct {
	variants []string // names in the order of the table
	lines    []*line  // in the order of the table
}

// line is one figure with one source. Values with the same index are of one round.
type line struct {
	figure
	source string
	values map[string][]float64 // by variant
	fed    map[string][]float64 // by variant: the rate at which the broker sent; empty if unknown
}

// add stores a value of a variant.
func (r *results) add(f figure, source, variant string, value float64) {
	l := r.line(f, source)
	l.values[variant] = append(l.values[variant], value)
}

// addFed stores the rate at which the broker sent to a variant.
func (r *results) addFed(f figure, source, variant string, value float64) {
	l := r.line(f, source)
	l.fed[variant] = append(l.fed[variant], value)
}

// line returns the line of a figure, which it adds if it is new.
func (r *results) line(f figure, source string) *line {
	i := slices.IndexFunc(r.lines, func(l *line) bool { return l.name == f.name && l.source == source })
	if i < 0 {
		i = len(r.lines)
		r.lines = append(r.lines, &line{figure: f, source: source, values: make(map[string][]float64), fed: make(map[string][]float64)})
	}
	return r.lines[i]
}

// ratio is a ratio of two variants: of their medians, and the lowest and highest of a
// round. All are NaN if one of the variants has no values.
type ratio struct{ median, low, high float64 }

// ratio returns the ratio of a variant to another.
func (l *line) ratio(variant, to string) ratio {
	r := ratio{low: math.NaN(), high: math.NaN()}
	a, b := l.values[variant], l.values[to]
	for i := range min(len(a), len(b)) {
		v := a[i] / b[i]
		if i == 0 {
			r.low, r.high = v, v
		}
		r.low, r.high = min(r.low, v), max(r.high, v)
	}
	r.median = median(a) / median(b)
	return r
}

// median returns the median, or NaN if there are no values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// verdict returns the targets of the figure, and reports whether ranger meets them.
func (l *line) verdict() (targets string, met bool) {
	value := median(l.values[ranger])
	var texts []string
	met = true
	if t := l.target.ratio; t > 0 {
		texts = append(texts, fmt.Sprintf("<= %.2f of baseline", t))
		met = met && l.ratio(ranger, baseline).median <= t
	}
	if t := l.target.most; t > 0 {
		texts = append(texts, "<= "+number(t)+" "+l.unit)
		met = met && value <= t
	}
	if t := l.target.least; t > 0 {
		text := ">= " + number(t) + " " + l.unit
		reached := value >= t
		if share := l.share(); !math.IsNaN(share) {
			text += fmt.Sprintf(" or all that the broker sends (%.0f %% of it)", 100*share)
			reached = reached || share >= fullShare
		}
		texts = append(texts, text)
		met = met && reached
	}
	return strings.Join(texts, ", "), met
}

// fullShare is the share of the broker's rate that counts as all of it: the last event
// arrives some time after the last confirm.
const fullShare = 0.95

// share returns the part of the broker's rate that ranger delivered, the median of the
// rounds; NaN if unknown.
func (l *line) share() float64 {
	var shares []float64
	for i, fed := range l.fed[ranger] {
		shares = append(shares, l.values[ranger][i]/fed)
	}
	return median(shares)
}
