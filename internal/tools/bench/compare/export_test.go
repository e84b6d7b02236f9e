package main

import (
	"context"
	"io"
	"slices"
)

// Doors for the tests.
var (
	Run      = run
	Build    = build
	Start    = start
	Middle   = middle
	Listener = listener
)

// Measure is Run with servers that are built already, in the directory of that name,
// and are told env as well.
func Measure(ctx context.Context, args []string, broker, servers string, env []string, stdout, stderr io.Writer) error {
	s, err := parse(args, broker, stderr)
	if err != nil {
		return err
	}
	s.servers, s.env = servers, env
	return compare(ctx, s, stdout, stderr)
}

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
