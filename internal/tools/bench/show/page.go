package show

import (
	"crypto/sha256"
	_ "embed" // the page's template and style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"ranger/internal/tools/bench"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

// page is the data of the template.
type page struct {
	*Document
	Style    template.CSS
	Policy   string // the Content-Security-Policy
	Sections []section
}

// section is one report.
type section struct {
	bench.Report
	ID      string
	Help    string
	Load    string
	Took    string
	Figures []row
	Faults  []fault
	Count   int64 // of faults
	Latency *chart
	Series  []*chart
}

// row is a figure in the form in which it is printed.
type row struct{ Title, Value, Unit string }

// WritePage writes the document as one HTML page that loads nothing and runs no scripts.
func (d *Document) WritePage(w io.Writer) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse the page's template: %w", err)
	}
	sum := sha256.Sum256([]byte(pageStyle))
	p := page{
		Document: d,
		Style:    template.CSS(pageStyle), //nolint:gosec // embedded
		Policy:   "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
	for i, r := range d.Reports {
		p.Sections = append(p.Sections, d.section(fmt.Sprintf("run%d", i+1), r))
	}
	return t.Execute(w, p)
}

func (d *Document) section(id string, r bench.Report) section {
	s := section{
		Report: r, ID: id, Help: d.Help[r.Scenario], Load: loadText(r), Took: durationText(r),
		Faults: faultKinds(r.Faults), Count: faults(r.Faults),
		Latency: latencyChart(id+"-latency", r.Latencies),
	}
	for _, f := range r.Figures {
		value, unit := quantity(f.Value, f.Unit)
		s.Figures = append(s.Figures, row{f.Title, value, unit})
	}
	for i, series := range r.Series {
		if c := seriesChart(fmt.Sprintf("%s-series%d", id, i+1), series); c != nil {
			s.Series = append(s.Series, c)
		}
	}
	return s
}

// Verdict returns the number of faults in words.
func (p page) Verdict() string { return verdict(p.Faults()) }

// Verdict returns the number of faults in words.
func (s section) Verdict() string { return verdict(s.Count) }

func verdict(faults int64) string {
	if faults == 0 {
		return "no faults"
	}
	return plural(int(faults), "fault", "faults")
}

// Bad reports whether there is a fault.
func (p page) Bad() bool { return p.Faults() > 0 }

func (m Machine) cores() string { return plural(m.Cores, "core", "cores") }

// MachineParts returns the description of the machine.
func (p page) MachineParts() []string {
	m := p.Machine
	return []string{m.OS + "/" + m.Arch, m.cores(), m.Go, "ranger " + m.Ranger}
}

// FirstFaults returns the descriptions of the first faults.
func (s section) FirstFaults() []string { return s.Report.Faults.First }

// Dotted reports whether a line has few enough points to draw each.
func (l line) Dotted() bool { return len(l.Dots) <= 16 }

// Coordinates of labels, for the template.
func (c chart) YLabel() float64 { return c.Left() - 8 }
func (c chart) XLabel() float64 { return c.Bottom() + 20 }
func (c chart) Notch() float64  { return c.Bottom() + 4 }
func (c chart) NameAt() float64 { return c.Bottom() + 40 }
func (c chart) Middle() float64 { return (c.Left() + c.Right()) / 2 }

// Median returns the median of the section's first latency, empty if there is none.
func (s section) Median() string { return s.quantile(50) }

// Tail returns the 99th percentile of the section's first latency.
func (s section) Tail() string { return s.quantile(99) }

func (s section) quantile(percent float64) string {
	if len(s.Latencies) == 0 {
		return ""
	}
	q, ok := quantile(s.Latencies[0], percent)
	if !ok {
		return ""
	}
	value, unit := quantity(q.Micros, "µs")
	return value + " " + unit
}
