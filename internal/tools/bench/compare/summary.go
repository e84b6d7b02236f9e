package main

import (
	"math"
	"runtime"
)

// summary is the content of the -json file.
type summary struct {
	Rounds  int           `json:"rounds"`
	Scale   float64       `json:"scale"`
	Go      string        `json:"go"` // version
	CPUs    int           `json:"cpus"`
	Figures []summaryLine `json:"figures"`
}

// summaryLine is one line of the table. Maps are by variant: ranger, portable, old,
// baseline.
type summaryLine struct {
	Name    string                  `json:"name"`
	Title   string                  `json:"title"`
	Source  string                  `json:"source"`
	Unit    string                  `json:"unit"`
	Values  map[string][]float64    `json:"values"` // by round
	Medians map[string]float64      `json:"medians"`
	Fed     map[string][]float64    `json:"fed,omitempty"`    // rate at which the broker sent, by round
	Ratios  map[string]summaryRatio `json:"ratios,omitempty"` // to the baseline
	Target  string                  `json:"target,omitempty"`
	Met     bool                    `json:"met"` // by ranger; true if there is no target
}

// summaryRatio is a ratio of medians, and the lowest and highest of a round.
type summaryRatio struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func (r *results) summary(s settings) summary {
	sum := summary{Rounds: s.rounds, Scale: s.scale, Go: runtime.Version(), CPUs: runtime.NumCPU()}
	for _, l := range r.lines {
		targets, met := l.verdict()
		one := summaryLine{
			Name: l.name, Title: l.title, Source: l.source, Unit: l.unit, Values: l.values, Fed: l.fed,
			Medians: make(map[string]float64), Ratios: make(map[string]summaryRatio), Target: targets, Met: met,
		}
		for variant, values := range l.values {
			one.Medians[variant] = median(values)
			if r := l.ratio(variant, baseline); variant != baseline && r.finite() {
				one.Ratios[variant] = summaryRatio{r.median, r.low, r.high}
			}
		}
		sum.Figures = append(sum.Figures, one)
	}
	return sum
}

// finite reports whether JSON has numbers for the ratio.
func (r ratio) finite() bool {
	for _, v := range []float64{r.median, r.low, r.high} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
