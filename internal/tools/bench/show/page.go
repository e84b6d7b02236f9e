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

// page is what the template takes.
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

// row is a figure as it is read.
type row struct{ Title, Value, Unit string }

// WritePage writes the document as one HTML page, which loads nothing from
// anywhere and runs nothing.
func (d *Document) WritePage(w io.Writer) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	sum := sha256.Sum256([]byte(pageStyle))
	p := page{
		Document: d,
		Style:    template.CSS(pageStyle), //nolint:gosec // ours
		Policy:   "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
	for i, r := range d.Reports {
		p.Sections = append(p.Sections, d.section(fmt.Sprintf("run%d", i+1), r))
	}
	return t.Execute(w, p)
}

func (d *Document) section(id string, r bench.Report) section {
	s := section{
		Report: r, ID: id, Help: d.Help[r.Scenario], Load: load(r), Took: took(r),
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

// Verdict says in a word how it went.
func (p page) Verdict() string { return verdict(p.Faults()) }

// Verdict says in a word how it went.
func (s section) Verdict() string { return verdict(s.Count) }

func verdict(faults int64) string {
	if faults == 0 {
		return "no faults"
	}
	return plural(int(faults), "fault", "faults")
}

// Bad tells whether there was a fault.
func (p page) Bad() bool { return p.Faults() > 0 }

func (m Machine) cores() string { return plural(m.Cores, "core", "cores") }

// Where says what the machine is.
func (p page) Where() []string {
	m := p.Machine
	return []string{m.OS + "/" + m.Arch, m.cores(), m.Go, "ranger " + m.Ranger}
}

// FirstFaults are the first few of a section.
func (s section) FirstFaults() []string { return s.Report.Faults.First }

// Dotted tells whether a line has few enough points to show each.
func (l line) Dotted() bool { return len(l.Dots) <= 16 }

// Places of labels, for the template.
func (c chart) YLabel() float64 { return c.Left() - 8 }
func (c chart) XLabel() float64 { return c.Bottom() + 20 }
func (c chart) Notch() float64  { return c.Bottom() + 4 }
func (c chart) NameAt() float64 { return c.Bottom() + 40 }
func (c chart) Middle() float64 { return (c.Left() + c.Right()) / 2 }

// Median and Tail are those of a section's first latency, where it has one.
func (s section) Median() string { return s.quantile(50) }

// Tail is the 99th percentile.
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
