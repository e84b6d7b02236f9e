package main

import (
	"context"
	"io"
	"path/filepath"
	"slices"
)

// Names of the tested functions.
var (
	Run      = run
	Build    = build
	Median   = median
	Listener = listener
)

// Start starts a program as a server.
func Start(ctx context.Context, path string, env []string) error {
	_, err := start(ctx, variant{name: ranger, path: path}, filepath.Dir(path), env)
	return err
}

// Measure is Run with programs built before, in the directory built, and with further
// environment variables for each server.
func Measure(ctx context.Context, args []string, broker, built string, env []string, stdout, stderr io.Writer) error {
	s, err := parse(args, broker, stderr)
	if err != nil {
		return err
	}
	s.built, s.env = built, env
	return compare(ctx, s, stdout, stderr)
}

// SourceOf returns the AMQP_SOURCE of a variant in a row.
func SourceOf(name, variant, source string) string {
	all := rows(1)
	i := slices.IndexFunc(all, func(r row) bool { return r.name == name })
	return all[i].sourceOf(variant, source)
}

// Line is a line of the table.
type Line = line

// NewLine returns a line with these values and targets.
func NewLine(bound, most, least float64, ofRanger, ofBaseline []float64) *Line {
	return &line{
		figure: figure{title: "a figure", unit: "µs", target: target{bound, most, least}}, source: "stream",
		values: map[string][]float64{ranger: ofRanger, baseline: ofBaseline}, fed: make(map[string][]float64),
	}
}

// Fed sets the broker's rate in each round.
func (l *line) Fed(values []float64) *Line {
	l.fed[ranger] = values
	return l
}

// Ratio returns the ratio to the baseline.
func (l *line) Ratio() (median, low, high float64) {
	r := l.ratio(ranger, baseline)
	return r.median, r.low, r.high
}

// Verdict returns the targets and whether they are met.
func (l *line) Verdict() (targets string, met bool) { return l.verdict() }
