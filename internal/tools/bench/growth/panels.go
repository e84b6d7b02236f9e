package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// panel is a drawing of figures with one unit.
type panel struct {
	title string
	unit  string
	lines []line
}

// line is a figure by the number of sockets.
type line struct {
	name   string
	points []point
}

type point struct {
	sockets int
	value   float64
}

// panels returns the panels of the drawing.
func (f figures) panels() ([]panel, error) {
	var failed error
	of := func(name, figure string, unit float64) line {
		l, err := f.line(name, figure, unit)
		failed = errors.Join(failed, err)
		return l
	}
	all := []panel{
		{"Memory of an idle socket", "B", []line{
			of("over TCP, resident, everything included", "memory", 1),
			of("ranger's own part, idle", "Growth/connect B/socket", 1),
			of("the same with a reader goroutine", "GrowthOfReaders B/socket", 1),
		}},
		{"An event to one of all users", "µs", []line{
			of("CPU of the server, with RabbitMQ and TCP", "cpu", 1),
			of("from append to write, one at a time", "Growth/deliver ns/op", 1000),
			of("the same, many at once", "Growth/flood ns/event", 1000),
		}},
		{"A new socket", "µs", []line{
			of("upgrade, session and subscription", "Growth/connect ns/socket", 1000),
			of("finding a log, subscribing and leaving", "Growth/subscribe ns/op", 1000),
		}},
		{"A sweep of the timers", "ns", []line{
			of("per socket", "Growth/sweep ns/socket", 1),
			of("lock of the list, per sweep", "Growth/locked ns/op", 1),
		}},
	}
	return all, failed
}

// table returns the panels as a Markdown table.
func table(panels []panel) string {
	sizes := make(map[int]bool)
	for _, p := range panels {
		for _, l := range p.lines {
			for _, at := range l.points {
				sizes[at.sockets] = true
			}
		}
	}
	columns := slices.Sorted(maps.Keys(sizes))
	var b strings.Builder
	b.WriteString("| |")
	for _, n := range columns {
		b.WriteString(" " + grouped(n) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, p := range panels {
		for _, l := range p.lines {
			_, _ = fmt.Fprintf(&b, "| %s: %s |", p.title, l.name)
			for _, n := range columns {
				cell := ""
				if i := slices.IndexFunc(l.points, func(at point) bool { return at.sockets == n }); i >= 0 {
					cell = number(l.points[i].value) + " " + p.unit
				}
				b.WriteString(" " + cell + " |")
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// number formats a value with two or three significant digits.
func number(v float64) string {
	switch {
	case v >= 100:
		return grouped(int(math.Round(v)))
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
}

// grouped formats 1000 as 1,000.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
