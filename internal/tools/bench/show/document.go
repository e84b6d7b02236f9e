// Package show presents the reports of a load test: as a table for a terminal, as JSON,
// as a page with charts, and as progress.
package show

import (
	"encoding/json"
	"io"
	"math"
	"runtime"
	"time"

	"ranger/internal/tools/bench"
)

// Document is the result of one run of `ranger bench`, and the machine that it ran on.
// --json prints it.
type Document struct {
	Machine Machine        `json:"machine"`
	Begun   time.Time      `json:"begun"`
	Notes   []string       `json:"notes"` // what was not measured, and why
	Reports []bench.Report `json:"reports"`
	// Help describes each scenario, by its name.
	Help map[string]string `json:"-"`
}

// Machine describes the machine that measured.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Cores  int    `json:"cores"`  // used by Go
	Go     string `json:"go"`     // version of Go
	Ranger string `json:"ranger"` // version of the program
}

// ThisMachine returns the machine of this process.
func ThisMachine(version string) Machine {
	return Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.GOMAXPROCS(0), Go: runtime.Version(), Ranger: version}
}

// Add adds a report without values that are NaN or infinite, which JSON cannot express.
func (d *Document) Add(r bench.Report) {
	figures := r.Figures
	r.Figures = make([]bench.Figure, 0, len(figures))
	for _, f := range figures {
		if finite(f.Value) {
			r.Figures = append(r.Figures, f)
		}
	}
	latencies := r.Latencies
	r.Latencies = make([]bench.Latency, 0, len(latencies))
	for _, l := range latencies {
		l.Quantiles = only(l.Quantiles, func(q bench.Quantile) bool { return finite(q.Micros) })
		r.Latencies = append(r.Latencies, l)
	}
	series := r.Series
	r.Series = make([]bench.Series, 0, len(series))
	for _, s := range series {
		s.Points = only(s.Points, func(p bench.Point) bool { return finite(p.Value) && finite(p.Seconds) })
		r.Series = append(r.Series, s)
	}
	d.Reports = append(d.Reports, r)
}

// Faults returns the number of faults in all reports.
func (d *Document) Faults() (n int64) {
	for _, r := range d.Reports {
		n += faults(r.Faults)
	}
	return n
}

// WriteJSON writes the document as one JSON object.
func (d *Document) WriteJSON(w io.Writer) error {
	whole := *d
	if whole.Notes == nil {
		whole.Notes = []string{}
	}
	if whole.Reports == nil {
		whole.Reports = []bench.Report{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(whole)
}

func faults(f bench.Faults) int64 { return f.Misdelivered + f.Missing + f.Duplicated + f.Broken }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func only[T any](all []T, good func(T) bool) []T {
	kept := make([]T, 0, len(all))
	for _, v := range all {
		if good(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
