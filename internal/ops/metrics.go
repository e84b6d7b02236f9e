// Package ops is what operators look at: health, readiness and metrics. It alone
// knows Prometheus' client_golang.
package ops

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// Metrics are the program's counters. Each label has a closed set of values. All
// methods are safe for concurrent use.
type Metrics struct {
	registry        *prometheus.Registry
	authentications *prometheus.CounterVec
	events          map[event.Kind]prometheus.Counter
	undelivered     map[event.Reason]prometheus.Counter
	retried         prometheus.Counter
	gaps            map[event.GapReason]prometheus.Counter
	deliveries      prometheus.Counter
	lag             prometheus.Histogram
	closes          *prometheus.CounterVec
}

// NewMetrics returns counters at zero, for a node that runs version, and for
// the reasons for which tokens are refused.
func NewMetrics(node, version string, refusals []string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		authentications: counters("ranger_authentications_total",
			"Tokens that were looked at, by result (ok, refused) and the reason of a refusal.", "result", "reason"),
		events:      make(map[event.Kind]prometheus.Counter),
		undelivered: make(map[event.Reason]prometheus.Counter),
		gaps:        make(map[event.GapReason]prometheus.Counter),
		retried: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ranger_retries_total",
			Help: "Messages dropped because one with their message_id had come through the same exchange within a minute.",
		}),
		deliveries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ranger_deliveries_total",
			Help: "Events written to sockets.",
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "ranger_lag_seconds",
			Help:    "How long events were in the node: from the read that brought the oldest of a write from the broker to the end of that write. Replays are not in it.",
			Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 10},
		}),
		closes: counters("ranger_closes_total",
			"Sockets that ended, by close code: 1000 is the client's own close, 1006 a lost connection.", "code"),
	}
	events := counters("ranger_events_total", "Events appended for a user, by kind.", "kind")
	for _, k := range []event.Kind{event.Order, event.Trade} {
		m.events[k] = events.WithLabelValues(k.String())
	}
	undelivered := counters("ranger_undelivered_total",
		"Recipients, or whole messages where they are bad, that got nothing, by reason.", "reason")
	for _, r := range event.Reasons() {
		m.undelivered[r] = undelivered.WithLabelValues(string(r))
	}
	gaps := counters("ranger_gaps_total", "Gaps that clients were told of, by reason.", "reason")
	for _, r := range event.GapReasons() {
		m.gaps[r] = gaps.WithLabelValues(string(r))
	}
	m.authentications.WithLabelValues("ok", "")
	for _, reason := range refusals {
		m.authentications.WithLabelValues("refused", reason)
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "ranger_build_info", Help: "1, labelled with the node's name and the version that runs.",
	}, []string{"node", "version"})
	build.WithLabelValues(node, version).Set(1)
	m.registry.MustRegister(m.authentications, events, undelivered, m.retried, gaps, m.deliveries, m.lag, m.closes, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// TokenAccepted counts a good token.
func (m *Metrics) TokenAccepted() { m.authentications.WithLabelValues("ok", "").Inc() }

// TokenRefused counts a bad token by its reason, one of a closed set.
func (m *Metrics) TokenRefused(reason string) {
	m.authentications.WithLabelValues("refused", reason).Inc()
}

// Event counts an event that was appended for a user.
func (m *Metrics) Event(kind event.Kind) { m.events[kind].Inc() }

// Undelivered counts a recipient, or a whole message, that was not served.
func (m *Metrics) Undelivered(reason event.Reason) { m.undelivered[reason].Inc() }

// Retried counts a message that was read before, by its message_id.
func (m *Metrics) Retried() { m.retried.Inc() }

// Gap counts a gap that clients are told of.
func (m *Metrics) Gap(reason event.GapReason) { m.gaps[reason].Inc() }

// Delivered counts events written to one socket.
func (m *Metrics) Delivered(n int) { m.deliveries.Add(float64(n)) }

// Lagged observes how long events were in the node before they were written.
func (m *Metrics) Lagged(lag time.Duration) { m.lag.Observe(lag.Seconds()) }

// Closed counts the end of one socket by its close code.
func (m *Metrics) Closed(code int) { m.closes.WithLabelValues(strconv.Itoa(code)).Inc() }

// gauge shows what value says whenever metrics are asked for.
func (m *Metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// WatchSockets shows what count says whenever metrics are asked for.
func (m *Metrics) WatchSockets(count func() (open, authenticated int)) {
	m.gauge("ranger_sockets", "Sockets that are open.", func() float64 {
		open, _ := count()
		return float64(open)
	})
	m.gauge("ranger_sockets_authenticated", "Sockets that bore a good token.", func() float64 {
		_, authenticated := count()
		return float64(authenticated)
	})
}

// WatchRedis shows what status says whenever metrics are asked for.
func (m *Metrics) WatchRedis(status func() (up bool, members int)) {
	m.gauge("ranger_redis_up", "1 while Redis answers, else 0.", func() float64 {
		if up, _ := status(); up {
			return 1
		}
		return 0
	})
	m.gauge("ranger_members", "Members in the directory, as it is in memory.", func() float64 {
		_, members := status()
		return float64(members)
	})
}

// WatchSource shows the source's state: 1 at the one it is in, 0 at the others.
func (m *Metrics) WatchSource(states []string, state func() string) {
	for _, s := range states {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "ranger_source_state",
			Help:        "1 for the state that the source of events is in: connecting, reading, following.",
			ConstLabels: prometheus.Labels{"state": s},
		}, func() float64 {
			if state() == s {
				return 1
			}
			return 0
		}))
	}
}

// WatchWindow shows what the journal holds whenever metrics are asked for.
func (m *Metrics) WatchWindow(stats func() journal.Stats) {
	m.registry.MustRegister(&window{
		stats:    stats,
		messages: prometheus.NewDesc("ranger_window_messages", "Messages of the stream in the window.", nil, nil),
		age:      prometheus.NewDesc("ranger_window_age_seconds", "How long ago the oldest message of the window was read.", nil, nil),
		entries:  prometheus.NewDesc("ranger_window_events", "Events in the logs of all users.", nil, nil),
		bytes:    prometheus.NewDesc("ranger_window_bytes", "What these events are reckoned to take of HISTORY_MEMORY.", nil, nil),
		evicted:  prometheus.NewDesc("ranger_window_evicted_total", "Events dropped before their time by HISTORY_SIZE or HISTORY_MEMORY.", nil, nil),
		offset:   prometheus.NewDesc("ranger_window_last_offset", "Offset of the last message read from the stream.", nil, nil),
	})
}

// window collects the journal's figures, all of one instant.
type window struct {
	stats                                          func() journal.Stats
	messages, age, entries, bytes, evicted, offset *prometheus.Desc
}

// Describe sends what Collect is to give.
func (w *window) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(w, ch) }

// Collect sends the figures.
func (w *window) Collect(ch chan<- prometheus.Metric) {
	s := w.stats()
	for _, g := range []struct {
		desc  *prometheus.Desc
		kind  prometheus.ValueType
		value float64
	}{
		{w.messages, prometheus.GaugeValue, float64(s.Messages)},
		{w.age, prometheus.GaugeValue, s.Age.Round(time.Millisecond).Seconds()},
		{w.entries, prometheus.GaugeValue, float64(s.Entries)},
		{w.bytes, prometheus.GaugeValue, float64(s.Bytes)},
		{w.evicted, prometheus.CounterValue, float64(s.Evicted)},
		{w.offset, prometheus.GaugeValue, float64(s.Last.Offset)},
	} {
		ch <- prometheus.MustNewConstMetric(g.desc, g.kind, g.value)
	}
}
