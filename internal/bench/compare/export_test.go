package main

import "slices"

// Doors for the tests.
var (
	Run      = run
	Start    = start
	Middle   = middle
	Listener = listener
)

// SourceOf returns what that server is told of where it reads from, in a row.
func SourceOf(name, server, source string) string {
	all := rows(1)
	i := slices.IndexFunc(all, func(r row) bool { return r.name == name })
	return all[i].sourceOf(server, source)
}

// Line is a line of the table.
type Line = line

// NewLine returns a line with these values and targets.
func NewLine(ratio, most, least float64, ours, bare []float64) *Line {
	return &line{figure: figure{title: "a figure", unit: "µs", target: target{ratio, most, least}}, source: "stream", ours: ours, bare: bare}
}

// Fed says what the broker fed in each round.
func (l *line) Fed(values []float64) *Line {
	l.fed = values
	return l
}

// Ratio and Verdict are those of the table.
func (l *line) Ratio() (median, low, high float64)  { return l.ratio() }
func (l *line) Verdict() (targets string, met bool) { return l.verdict() }
