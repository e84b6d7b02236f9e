package bench

import "time"

// Report is the result of one scenario, as `--json` prints it.
type Report struct {
	Scenario string        `json:"scenario"`
	Server   string        `json:"server"` // name or URL of the server
	Begun    time.Time     `json:"begun"`
	Took     time.Duration `json:"took_ns"`
	Users    int           `json:"users"`
	Sockets  int           `json:"sockets"` // per user

	Figures   []Figure  `json:"figures"`   // in the order of the table
	Latencies []Latency `json:"latencies"` // in the order of the table
	Series    []Series  `json:"series"`    // over the run's time
	Faults    Faults    `json:"faults"`
}

// Figure is one number of a report.
type Figure struct {
	// Name identifies the figure for programs, such as "cpu_per_delivery". It is fixed
	// for a scenario.
	Name  string  `json:"name"`
	Title string  `json:"title"` // for people
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // "µs", "B", "1/s", "s", ""
}

// Latency is the distribution of a latency.
type Latency struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Count int64  `json:"count"`
	// Quantiles are in rising order: 50, 90, 99, 99.9, 99.99 and 100 percent.
	Quantiles []Quantile `json:"quantiles"`
}

// Quantile is one point of a distribution.
type Quantile struct {
	Percent float64 `json:"percent"`
	Micros  float64 `json:"us"`
}

// Series is a figure over the time of the run.
type Series struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Unit   string  `json:"unit"`
	Points []Point `json:"points"`
}

// Point is a value at a time since the start of the run.
type Point struct {
	Seconds float64 `json:"s"`
	Value   float64 `json:"value"`
}

// Faults counts faults. A run with any has failed.
type Faults struct {
	Misdelivered int64 `json:"misdelivered"` // a socket received an event of another user
	Missing      int64 `json:"missing"`      // a socket did not receive an event
	Duplicated   int64 `json:"duplicated"`   // a socket received an event again or out of order
	Broken       int64 `json:"broken"`       // an invalid frame, or a socket that ended
	// First describes the first faults.
	First []string `json:"first,omitempty"`
}

// Any reports whether there is a fault.
func (f Faults) Any() bool { return f.Misdelivered+f.Missing+f.Duplicated+f.Broken > 0 }

// Figure returns the value of the figure of that name, if there is one.
func (r *Report) Figure(name string) (float64, bool) {
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Value, true
		}
	}
	return 0, false
}
