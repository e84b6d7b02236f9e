package main

import (
	_ "embed"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// Sizes in units of the drawing.
const (
	panelWidth  = 480.0
	panelHeight = 330.0
	left        = 62.0 // edges of the plot in a panel
	right       = panelWidth - 40
	top         = 46.0
	bottom      = panelHeight - 112
	perRow      = 2
)

//go:embed style.css
var style string

// draw returns an SVG document that loads nothing and is readable in light and dark mode.
func draw(panels []panel) string {
	rows := (len(panels) + perRow - 1) / perRow
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" aria-labelledby="t">`+"\n",
		panelWidth*perRow, panelHeight*float64(rows)+8)
	b.WriteString(`<title id="t">Cost of a socket, an event, a subscription and a sweep, by the number of sockets</title>` + "\n<style>\n" + style + "</style>\n")
	_, _ = fmt.Fprintf(&b, `<rect class="card" width="%g" height="%g" rx="10"/>`+"\n", panelWidth*perRow, panelHeight*float64(rows)+8)
	for i, p := range panels {
		_, _ = fmt.Fprintf(&b, `<g transform="translate(%g %g)">`+"\n", panelWidth*float64(i%perRow), panelHeight*float64(i/perRow))
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// The axis of sockets is logarithmic.
const fewest, most = 1_000, 1_000_000

func across(sockets int) float64 {
	return left + (right-left)*math.Log10(float64(sockets)/fewest)/math.Log10(most/fewest)
}

func (p panel) draw(b *strings.Builder) {
	high := 0.0
	for _, l := range p.lines {
		for _, at := range l.points {
			high = max(high, at.value)
		}
	}
	step := roundStep(high)
	high = step * math.Ceil(high/step)
	up := func(v float64) float64 { return bottom - (bottom-top)*v/high }
	_, _ = fmt.Fprintf(b, `<text class="title" x="%g" y="26">%s</text>`+"\n", left, html.EscapeString(p.title))
	for v := 0.0; v <= high*1.0001; v += step {
		_, _ = fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1[3]f"/><text class="y" x="%g" y="%.1f">%s</text>`+"\n",
			left, right, up(v), left-8, up(v)+4, label(v, p.unit))
	}
	for n := fewest; n <= most; n *= 10 {
		_, _ = fmt.Fprintf(b, `<text class="x" x="%.1f" y="%g">%s</text>`+"\n", across(n), bottom+18, grouped(n))
	}
	_, _ = fmt.Fprintf(b, `<text class="x" x="%g" y="%g">sockets</text>`+"\n", (left+right)/2, bottom+35)
	for i, l := range p.lines {
		var path []string
		for _, at := range l.points {
			path = append(path, fmt.Sprintf("%.1f,%.1f", across(at.sockets), up(at.value)))
		}
		_, _ = fmt.Fprintf(b, `<g class="s%d"><polyline points="%s"/>`, i+1, strings.Join(path, " "))
		for _, at := range l.points {
			_, _ = fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3.5"><title>%s sockets: %s %s</title></circle>`,
				across(at.sockets), up(at.value), grouped(at.sockets), number(at.value), p.unit)
		}
		y := bottom + 54 + 17*float64(i)
		_, _ = fmt.Fprintf(b, `<polyline points="%g,%g %g,%g"/><text x="%g" y="%g">%s</text></g>`+"\n",
			left, y-4, left+26, y-4, left+34, y, html.EscapeString(l.name))
	}
}

// roundStep returns the distance of about five marks on an axis from 0 to high.
func roundStep(high float64) float64 {
	decade := math.Pow(10, math.Floor(math.Log10(high/4)))
	steps := []float64{1, 2, 2.5, 5, 10}
	i := slices.IndexFunc(steps, func(s float64) bool { return s*decade >= high/5 })
	return steps[i] * decade
}

func label(v float64, unit string) string {
	switch {
	case v == 0:
		return "0"
	case v >= 1000:
		return grouped(int(v)) + " " + unit
	default:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + unit
	}
}
