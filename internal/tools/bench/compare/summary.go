package main

import (
	"math"
	"runtime"
)

// summary is what -json writes.
type summary struct {
	Rounds  int           `json:"rounds"`
	Scale   float64       `json:"scale"`
	Go      string        `json:"go"`
	CPUs    int           `json:"cpus"`
	Figures []summaryLine `json:"figures"`
}

// summaryLine is one line of the table.
type summaryLine struct {
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Source    string    `json:"source"`
	Unit      string    `json:"unit"`
	Ours      []float64 `json:"ours"` // one a round
	Bare      []float64 `json:"bare,omitempty"`
	Fed       []float64 `json:"fed,omitempty"` // what the broker fed ranger
	Median    float64   `json:"median"`        // of ours
	BareOf    *float64  `json:"bare_median,omitempty"`
	Ratio     *float64  `json:"ratio,omitempty"`
	RatioLow  *float64  `json:"ratio_low,omitempty"`
	RatioHigh *float64  `json:"ratio_high,omitempty"`
	Target    string    `json:"target,omitempty"`
	Met       bool      `json:"met"` // true also where there is no target
}

func (r *results) summary(s settings) summary {
	sum := summary{Rounds: s.rounds, Scale: s.scale, Go: runtime.Version(), CPUs: runtime.NumCPU()}
	for _, l := range r.lines {
		median, low, high := l.ratio()
		told, met := l.verdict()
		sum.Figures = append(sum.Figures, summaryLine{
			Name: l.name, Title: l.title, Source: l.source, Unit: l.unit,
			Ours: l.ours, Bare: l.bare, Fed: l.fed, Median: middle(l.ours), BareOf: finite(middle(l.bare)),
			Ratio: finite(median), RatioLow: finite(low), RatioHigh: finite(high),
			Target: told, Met: met,
		})
	}
	return sum
}

// finite returns nil for what JSON has no number for.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
