// Package show presents what a load test found: as a table for a terminal, as JSON
// for programs, as a page with charts, and its progress meanwhile.
package show

import (
	"encoding/json"
	"io"
	"math"
	"runtime"
	"time"

	"ranger/internal/tools/bench"
)

// Document is what one run of `ranger bench` found, and where. It is what --json
// prints.
type Document struct {
	Machine Machine        `json:"machine"`
	Begun   time.Time      `json:"begun"`
	Notes   []string       `json:"notes"` // what was not measured, and why
	Reports []bench.Report `json:"reports"`
	// Help says what each scenario is, by its name.
	Help map[string]string `json:"-"`
}

// Machine is what a run's figures depend on most.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Cores  int    `json:"cores"`  // that Go uses
	Go     string `json:"go"`     // its version
	Ranger string `json:"ranger"` // of the program that measured
}

// ThisMachine returns that of the process.
func ThisMachine(version string) Machine {
	return Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.GOMAXPROCS(0), Go: runtime.Version(), Ranger: version}
}

// Add adds a report, without numbers that are none: JSON has no words for them.
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

// Faults returns how many there were in all reports.
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

func faults(f bench.Faults) int64 { return f.Misdelivered + f.Missing + f.Twice + f.Broken }

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
