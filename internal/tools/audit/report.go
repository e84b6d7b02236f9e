package audit

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Report is what a run found. In JSON its durations are milliseconds.
type Report struct {
	Run     string `json:"run"` // part of all uids of the run
	Users   int    `json:"users"`
	Clients int    `json:"clients"`

	Published   int `json:"published"`   // events sent
	Confirmed   int `json:"confirmed"`   // of these, taken and routed by the broker
	Retried     int `json:"retried"`     // sent more than once
	Unconfirmed int `json:"unconfirmed"` // left out of the account
	// Connections are the publisher's, and Trouble its latest error.
	Connections int    `json:"publisher_connections"`
	Trouble     string `json:"publisher_trouble,omitempty"`

	Deliveries int         `json:"deliveries"`  // events that clients got
	Replayed   int         `json:"replayed"`    // of these, in replays
	Reconnects int         `json:"reconnects"`  // sockets after a client's first
	Resumed    int         `json:"resumed"`     // of these, with resumed:true
	NotResumed int         `json:"not_resumed"` // with resumed:false
	Gaps       int         `json:"gaps"`        // told to clients
	Closes     map[int]int `json:"closes"`      // ends of sockets before the run's, by code

	P50 float64 `json:"latency_p50_ms"` // from publishing to receipt, of live events
	P99 float64 `json:"latency_p99_ms"`

	Lost         int `json:"lost"`
	Unannounced  int `json:"unannounced"`
	Duplicated   int `json:"duplicated"`
	Reordered    int `json:"reordered"`
	Misdelivered int `json:"misdelivered"`
	Broken       int `json:"broken"`
	// Findings are the first few of each fault.
	Findings []Finding `json:"findings"`
}

// Good tells whether nothing is wrong and something was proved: events were
// confirmed, and there is no fault of any kind.
func (r Report) Good() bool { return r.Faults() == 0 && r.Confirmed > 0 }

// Faults returns how many there were. A loss that was not announced counts once.
func (r Report) Faults() int {
	return r.Lost + r.Duplicated + r.Reordered + r.Misdelivered + r.Broken
}

// WriteTo writes the report as an aligned table, with the findings after it.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	var b []byte
	row := func(name string, value any) { b = fmt.Appendf(b, "%-22s %10v\n", name, value) }
	row("published", r.Published)
	row("confirmed", r.Confirmed)
	row("retried", r.Retried)
	row("unconfirmed", r.Unconfirmed)
	row("publisher connections", r.Connections)
	row("clients", r.Clients)
	row("deliveries", r.Deliveries)
	row("replayed", r.Replayed)
	row("reconnects", r.Reconnects)
	row("resumed", r.Resumed)
	row("not resumed", r.NotResumed)
	row("gaps told", r.Gaps)
	for _, code := range slices.Sorted(maps.Keys(r.Closes)) {
		row("closed with "+strconv.Itoa(code), r.Closes[code])
	}
	row("latency p50", fmt.Sprintf("%.1f ms", r.P50))
	row("latency p99", fmt.Sprintf("%.1f ms", r.P99))
	b = append(b, '\n')
	row("lost", r.Lost)
	row("unannounced", r.Unannounced)
	row("duplicated", r.Duplicated)
	row("reordered", r.Reordered)
	row("misdelivered", r.Misdelivered)
	row("broken", r.Broken)
	if r.Trouble != "" {
		b = fmt.Appendf(b, "\nthe publisher's latest trouble: %s\n", r.Trouble)
	}
	if len(r.Findings) > 0 {
		b = fmt.Appendf(b, "\nrun %s, the first %d findings of each kind:\n", r.Run, mostFindings)
	}
	for _, f := range r.Findings {
		b = fmt.Appendf(b, "%s\n", f)
	}
	n, err := w.Write(b)
	return int64(n), err
}

// report returns what is known so far.
func (r *run) report() Report {
	report := Report{Run: r.plan.run, Users: r.cfg.Users, Clients: len(r.clients), Closes: make(map[int]int)}
	report.Published, report.Retried, report.Confirmed = r.account.sums()
	report.Unconfirmed = report.Published - report.Confirmed
	report.Connections, report.Trouble = r.publishing.status()
	var samples []time.Duration
	for _, t := range r.transcripts {
		samples = append(samples, t.addTo(&report)...)
	}
	slices.Sort(samples)
	report.P50, report.P99 = quantile(samples, 50), quantile(samples, 99)
	count, kept := r.findings.all()
	report.Lost, report.Unannounced = count[Lost], count[Unannounced]
	report.Duplicated, report.Reordered = count[Duplicated], count[Reordered]
	report.Misdelivered, report.Broken = count[Misdelivered], count[Broken]
	report.Findings = kept
	return report
}

// addTo adds the client's sums to the report and returns its latencies.
func (t *transcript) addTo(r *Report) []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Deliveries += t.tally.Deliveries
	r.Replayed += t.tally.Replayed
	r.Reconnects += t.tally.Reconnects
	r.Resumed += t.tally.Resumed
	r.NotResumed += t.tally.NotResumed
	r.Gaps += t.tally.Gaps
	for code, n := range t.tally.Closes {
		r.Closes[code] += n
	}
	return slices.Clone(t.samples)
}

// quantile returns the value in ms that so many percent of sorted do not exceed.
func quantile(sorted []time.Duration, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[(len(sorted)-1)*percent/100].Microseconds()) / 1000
}
