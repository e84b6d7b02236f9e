package bench

import "time"

// Report is what one scenario measured. It is what `--json` prints.
type Report struct {
	Scenario string        `json:"scenario"`
	Server   string        `json:"server"` // what was measured: a name, or the URL
	Begun    time.Time     `json:"begun"`
	Took     time.Duration `json:"took_ns"`
	Users    int           `json:"users"`
	Sockets  int           `json:"sockets"` // of each user

	Figures   []Figure  `json:"figures"`   // in the order of the table
	Latencies []Latency `json:"latencies"` // in the order of the table
	Series    []Series  `json:"series"`    // over the run's time
	Faults    Faults    `json:"faults"`
}

// Figure is one number of a run.
type Figure struct {
	// Name is fixed for a scenario, such as "cpu_per_delivery": a program finds
	// the figure by it.
	Name  string  `json:"name"`
	Title string  `json:"title"` // for people
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // "µs", "B", "1/s", "s", ""
}

// Latency is how long something took, many times.
type Latency struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Count int64  `json:"count"`
	// Quantiles in microseconds, by quantile in percent, rising: 50, 90, 99,
	// 99.9, 99.99, 100.
	Quantiles []Quantile `json:"quantiles"`
}

// Quantile is one point of a distribution.
type Quantile struct {
	Percent float64 `json:"percent"`
	Micros  float64 `json:"us"`
}

// Series is a figure over the run's time.
type Series struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Unit   string  `json:"unit"`
	Points []Point `json:"points"`
}

// Point is a value at a time since the run's begin.
type Point struct {
	Seconds float64 `json:"s"`
	Value   float64 `json:"value"`
}

// Faults counts what must not happen. A run with any has failed.
type Faults struct {
	Misdelivered int64 `json:"misdelivered"` // an event reached another user's socket
	Missing      int64 `json:"missing"`      // a socket was not sent an event
	Twice        int64 `json:"twice"`        // a socket was sent an event again, or out of order
	Broken       int64 `json:"broken"`       // a frame that the protocol does not have, or a socket that ended
	// First says what the first few were.
	First []string `json:"first,omitempty"`
}

// Any tells whether there was a fault.
func (f Faults) Any() bool { return f.Misdelivered+f.Missing+f.Twice+f.Broken > 0 }

// Figure returns the value of the figure of that name, and whether there is one.
func (r *Report) Figure(name string) (float64, bool) {
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Value, true
		}
	}
	return 0, false
}
