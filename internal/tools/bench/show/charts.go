package show

import (
	"fmt"
	"math"
	"strings"

	"ranger/internal/tools/bench"
)

// lineStyles is the number of line classes in the page's style.
const lineStyles = 6

func lineClass(i int) string { return fmt.Sprintf("s%d", i%lineStyles+1) }

// latencyChart draws distributions by percentile. Each further nine takes the same width
// on the axis.
func latencyChart(id string, all []bench.Latency) *chart {
	c := &chart{ID: id, Title: "Latency by percentile", Legend: len(all) > 1, Table: latencyGrid(all)}
	if len(all) == 1 {
		c.Title = "Latency " + all[0].Title
	}
	marks := percents(all)
	low, high := math.Inf(1), 0.0
	for _, l := range all {
		for _, q := range l.Quantiles {
			if q.Micros > 0 {
				low = min(low, q.Micros)
			}
			high = max(high, q.Micros)
		}
	}
	if len(marks) == 0 || high == 0 {
		return nil
	}
	nine := nines(marks)
	x := scale{low: nine(marks[0]), high: nine(marks[len(marks)-1]), from: marginLeft, to: chartWidth - marginRight}
	var y scale
	y, c.Y = yAxis(low, high, "µs", true)
	for _, percent := range marks {
		at := x.at(nine(percent))
		if n := len(c.X); n == 0 || at-c.X[n-1].At >= 40 || percent == 100 {
			c.X = append(c.X, tick{at, percentile(percent)})
		}
	}
	c.XName = "percentile"
	var said []string
	for i, l := range all {
		var dots []dot
		for _, q := range l.Quantiles {
			value, unit := quantity(q.Micros, "µs")
			dots = append(dots, dot{x.at(nine(q.Percent)), y.at(q.Micros), l.Title + ", " + percentile(q.Percent) + ": " + value + " " + unit})
		}
		c.Lines = append(c.Lines, line{Class: lineClass(i), Name: l.Title, Path: path(dots), Dots: dots})
		said = append(said, describe(l))
	}
	c.Desc = strings.Join(said, " ")
	if y.log {
		c.Desc += " The scale of time is logarithmic."
	}
	return c
}

// nines returns the function from a percentile to its place on the axis: 1 for 90, 2 for
// 99, and so on; the maximum is one after the last.
func nines(marks []float64) func(percent float64) float64 {
	last := 0.0
	for _, percent := range marks {
		if percent < 100 {
			last = -math.Log10(1 - percent/100)
		}
	}
	return func(percent float64) float64 {
		if percent >= 100 {
			return math.Floor(last+1e-9) + 1
		}
		return -math.Log10(1 - percent/100)
	}
}

// describe returns the quantiles of a latency in words.
func describe(l bench.Latency) string {
	var parts []string
	for _, q := range l.Quantiles {
		value, unit := quantity(q.Micros, "µs")
		parts = append(parts, percentile(q.Percent)+" "+value+" "+unit)
	}
	return l.Title + ": " + strings.Join(parts, ", ") + "."
}

// seriesChart draws a figure over the time of the run.
func seriesChart(id string, s bench.Series) *chart {
	if len(s.Points) == 0 {
		return nil
	}
	c := &chart{ID: id, Title: s.Title, Table: seriesGrid(s), XName: "time"}
	begin, end, high, least := s.Points[0].Seconds, 0.0, 0.0, math.Inf(1)
	for _, p := range s.Points {
		end, high, least = max(end, p.Seconds), max(high, p.Value), min(least, p.Value)
	}
	if begin < end/10 {
		begin = 0
	}
	x := scale{low: begin, high: end, from: marginLeft, to: chartWidth - marginRight}
	c.X = timeTicks(x)
	var y scale
	y, c.Y = yAxis(least, high, s.Unit, false)
	var dots []dot
	for _, p := range s.Points {
		value, unit := quantity(p.Value, s.Unit)
		dots = append(dots, dot{x.at(p.Seconds), y.at(max(0, p.Value)), strings.TrimSpace(number(p.Seconds) + " s: " + value + " " + unit)})
	}
	c.Lines = []line{{Class: lineClass(0), Name: s.Title, Path: path(dots), Area: area(dots, chartHeight-marginBottom), Dots: dots}}
	from, fromUnit := quantity(least, s.Unit)
	to, toUnit := quantity(high, s.Unit)
	c.Desc = fmt.Sprintf("%s over %s s: from %s to %s.", s.Title, number(end), strings.TrimSpace(from+" "+fromUnit), strings.TrimSpace(to+" "+toUnit))
	return c
}

// timeTicks returns the ticks of an axis of seconds.
func timeTicks(x scale) (ticks []tick) {
	per, name := 1.0, " s"
	if x.high > 300 {
		per, name = 60, " min"
	}
	_, values := steps(x.high-x.low, per, 6)
	size := values[1]
	for v := math.Ceil(max(0, x.low/size-1e-9)) * size; v <= x.high+size/1e6; v += size {
		ticks = append(ticks, tick{x.at(v), short(v/per) + name})
	}
	return ticks
}

func latencyGrid(all []bench.Latency) *grid {
	u := latencyUnit(all)
	g := &grid{Head: []string{"in " + u.name, "count"}}
	for _, percent := range percents(all) {
		g.Head = append(g.Head, percentile(percent))
	}
	for _, l := range all {
		row := []string{l.Title, grouped(float64(l.Count))}
		for _, percent := range percents(all) {
			cell := ""
			if q, ok := quantile(l, percent); ok {
				cell = number(q.Micros / u.factor)
			}
			row = append(row, cell)
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func seriesGrid(s bench.Series) *grid {
	g := &grid{Head: []string{"s", s.Title}}
	for _, p := range s.Points {
		value, unit := quantity(p.Value, s.Unit)
		g.Rows = append(g.Rows, []string{number(p.Seconds), strings.TrimSpace(value + " " + unit)})
	}
	return g
}
