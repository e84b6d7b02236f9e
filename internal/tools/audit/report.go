package audit

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Report is the result of a run.
type Report struct {
	Run     string `json:"run"` // name of the run, part of all its uids
	Users   int    `json:"users"`
	Clients int    `json:"clients"`

	Published   int `json:"published"`   // events sent
	Confirmed   int `json:"confirmed"`   // events that the broker took and routed
	Retried     int `json:"retried"`     // events sent more than once
	Unconfirmed int `json:"unconfirmed"` // events that clients need not receive
	// Connections is the number of the publisher's connections, LastError its last
	// error.
	Connections int    `json:"publisher_connections"`
	LastError   string `json:"publisher_last_error,omitempty"`

	Deliveries int         `json:"deliveries"`  // events that clients received
	Replayed   int         `json:"replayed"`    // deliveries in replays
	Reconnects int         `json:"reconnects"`  // sockets after the first of each client
	Resumed    int         `json:"resumed"`     // reconnects with resumed:true
	NotResumed int         `json:"not_resumed"` // reconnects with resumed:false
	Gaps       int         `json:"gaps"`        // gaps announced to clients
	Closes     map[int]int `json:"closes"`      // ends of sockets during the run, by close code

	P50 float64 `json:"latency_p50_ms"` // from publishing to receipt, of live events
	P99 float64 `json:"latency_p99_ms"`

	Lost         int `json:"lost"`
	Unannounced  int `json:"unannounced"`
	Duplicated   int `json:"duplicated"`
	Reordered    int `json:"reordered"`
	Misdelivered int `json:"misdelivered"`
	Broken       int `json:"broken"`
	// Findings are the first of each kind of fault.
	Findings []Finding `json:"findings"`
}

// Passed reports whether events were confirmed and no fault was found.
func (r Report) Passed() bool { return r.Faults() == 0 && r.Confirmed > 0 }

// Faults returns the number of faults. An unannounced loss counts once.
func (r Report) Faults() int {
	return r.Lost + r.Duplicated + r.Reordered + r.Misdelivered + r.Broken
}

// WriteTo writes the report as an aligned table, followed by the findings.
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
	row("gaps announced", r.Gaps)
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
	if r.LastError != "" {
		b = fmt.Appendf(b, "\nthe publisher's last error: %s\n", r.LastError)
	}
	if len(r.Findings) > 0 {
		b = fmt.Appendf(b, "\nrun %s, the first %d findings of each kind:\n", r.Run, maxFindings)
	}
	for _, f := range r.Findings {
		b = fmt.Appendf(b, "%s\n", f)
	}
	n, err := w.Write(b)
	return int64(n), err
}

// report returns the counts so far.
func (r *run) report() Report {
	report := Report{Run: r.workload.run, Users: r.cfg.Users, Clients: len(r.clients), Closes: make(map[int]int)}
	report.Published, report.Retried, report.Confirmed = r.sent.counts()
	report.Unconfirmed = report.Published - report.Confirmed
	report.Connections, report.LastError = r.sender.status()
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

// addTo adds the client's counts to the report and returns its latencies.
func (t *transcript) addTo(r *Report) []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Deliveries += t.counts.deliveries
	r.Replayed += t.counts.replayed
	r.Reconnects += t.counts.resumed + t.counts.notResumed
	r.Resumed += t.counts.resumed
	r.NotResumed += t.counts.notResumed
	r.Gaps += len(t.gaps)
	for code, n := range t.counts.closes {
		r.Closes[code] += n
	}
	return slices.Clone(t.samples)
}

// quantile returns, in ms, the value that percent of the sorted values do not exceed.
func quantile(sorted []time.Duration, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[(len(sorted)-1)*percent/100].Microseconds()) / 1000
}
