// Package ops serves health, readiness and metrics to operators.
package ops

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// Metrics are the metrics of a node. The values of each label are a closed set, and
// every series with known labels exists from the start. All methods are safe for
// concurrent use.
type Metrics struct {
	registry        *prometheus.Registry
	authentications *prometheus.CounterVec
	events          map[event.Kind]prometheus.Counter
	undelivered     map[event.Reason]prometheus.Counter
	retried         prometheus.Counter
	gaps            map[event.GapReason]prometheus.Counter
	deliveries      prometheus.Counter
	lag             prometheus.Histogram
	closes          map[int]prometheus.Counter
	unparkable      prometheus.Counter
}

// NewMetrics returns counters at zero, for a node that runs version, for the reasons of
// refused tokens and the close codes of sockets.
func NewMetrics(node, version string, refusals []string, closeCodes []int) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		authentications: counters("ranger_authentications_total",
			"Session tokens checked, by result (ok, refused) and reason of the refusal.", "result", "reason"),
		events:      make(map[event.Kind]prometheus.Counter),
		undelivered: make(map[event.Reason]prometheus.Counter),
		gaps:        make(map[event.GapReason]prometheus.Counter),
		retried: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ranger_retries_total",
			Help: "Messages dropped as retries: their message_id was published to the same exchange within the last minute.",
		}),
		deliveries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ranger_deliveries_total",
			Help: "Events written to sockets.",
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "ranger_lag_seconds",
			Help:    "Time of events in the node, without replays: from reading the oldest event of a write from the broker to the end of that write.",
			Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 10},
		}),
		closes: make(map[int]prometheus.Counter),
		unparkable: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ranger_unparkable_sockets_total",
			Help: "Sockets that keep a goroutine though idle sockets need none, because the WebSocket library does not read as expected.",
		}),
	}
	closes := counters("ranger_closes_total",
		"Sockets closed, by close code; 1000: closed by the client, 1006: connection lost.", "code")
	for _, code := range closeCodes {
		m.closes[code] = closes.WithLabelValues(strconv.Itoa(code))
	}
	events := counters("ranger_events_total", "Events accepted for a user, by kind.", "kind")
	for _, k := range []event.Kind{event.Order, event.Trade} {
		m.events[k] = events.WithLabelValues(k.String())
	}
	undelivered := counters("ranger_undelivered_total",
		"Recipients that were not found, and invalid messages, by reason.", "reason")
	for _, r := range event.Reasons() {
		m.undelivered[r] = undelivered.WithLabelValues(string(r))
	}
	gaps := counters("ranger_gaps_total", "Gaps announced to clients, by reason.", "reason")
	for _, r := range event.GapReasons() {
		m.gaps[r] = gaps.WithLabelValues(string(r))
	}
	m.authentications.WithLabelValues("ok", "")
	for _, reason := range refusals {
		m.authentications.WithLabelValues("refused", reason)
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "ranger_build_info", Help: "Always 1; the labels are the node's name and version.",
	}, []string{"node", "version"})
	build.WithLabelValues(node, version).Set(1)
	m.registry.MustRegister(m.authentications, events, undelivered, m.retried, gaps, m.deliveries, m.lag, closes, m.unparkable, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// counters returns a family of counters.
func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// TokenAccepted counts a valid token.
func (m *Metrics) TokenAccepted() { m.authentications.WithLabelValues("ok", "").Inc() }

// TokenRefused counts a refused token. reason is one of those given to NewMetrics.
func (m *Metrics) TokenRefused(reason string) {
	m.authentications.WithLabelValues("refused", reason).Inc()
}

// Event counts an event that was accepted for a user.
func (m *Metrics) Event(kind event.Kind) { m.events[kind].Inc() }

// Undelivered counts a recipient that was not found, or an invalid message.
func (m *Metrics) Undelivered(reason event.Reason) { m.undelivered[reason].Inc() }

// Retried counts a message that was dropped as a retry.
func (m *Metrics) Retried() { m.retried.Inc() }

// Gap counts a gap that is announced to clients.
func (m *Metrics) Gap(reason event.GapReason) { m.gaps[reason].Inc() }

// Delivered counts events written to one socket.
func (m *Metrics) Delivered(n int) { m.deliveries.Add(float64(n)) }

// Lagged observes the time from reading an event to writing it.
func (m *Metrics) Lagged(lag time.Duration) { m.lag.Observe(lag.Seconds()) }

// Closed counts the end of one socket by its close code, one of those of NewMetrics.
func (m *Metrics) Closed(code int) { m.closes[code].Inc() }

// Unparkable counts a socket that keeps a goroutine though it could be parked.
func (m *Metrics) Unparkable() { m.unparkable.Inc() }

// gauge registers a gauge that calls value on each scrape.
func (m *Metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// WatchSockets registers gauges of the sockets, which call count on each scrape.
func (m *Metrics) WatchSockets(count func() (open, authenticated int)) {
	m.gauge("ranger_sockets", "Open sockets.", func() float64 {
		open, _ := count()
		return float64(open)
	})
	m.gauge("ranger_sockets_authenticated", "Open sockets with a valid token.", func() float64 {
		_, authenticated := count()
		return float64(authenticated)
	})
}

// WatchRedis registers gauges of the member directory, which call status on each scrape.
func (m *Metrics) WatchRedis(status func() (up bool, members int)) {
	m.gauge("ranger_redis_up", "1 if Redis answers, else 0.", func() float64 {
		if up, _ := status(); up {
			return 1
		}
		return 0
	})
	m.gauge("ranger_members", "Members of the directory in memory.", func() float64 {
		_, members := status()
		return float64(members)
	})
}

// WatchSource registers a gauge for each state of the source, which calls state on each
// scrape: 1 for the current state, else 0.
func (m *Metrics) WatchSource(states []string, state func() string) {
	m.oneOf("ranger_source_state", "1 for the current state of the source of events: connecting, reading or following; else 0.",
		"state", states, state)
}

// WatchHost registers a gauge for each host of the broker, which calls host on each
// scrape: 1 for the host that the source is connected to or tries, else 0.
func (m *Metrics) WatchHost(hosts []string, host func() string) {
	m.oneOf("ranger_source_host", "1 for the broker's host that the source is connected to, or tries while it is connecting; else 0.",
		"host", hosts, host)
}

// oneOf registers a gauge for each value of a label: 1 for the current value, else 0.
func (m *Metrics) oneOf(name, help, label string, values []string, current func() string) {
	for _, v := range values {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: name, Help: help, ConstLabels: prometheus.Labels{label: v},
		}, func() float64 {
			if current() == v {
				return 1
			}
			return 0
		}))
	}
}

// WatchWindow registers gauges of the events in memory, which call stats on each scrape.
func (m *Metrics) WatchWindow(stats func() journal.Stats) {
	m.registry.MustRegister(&window{
		stats:    stats,
		messages: prometheus.NewDesc("ranger_window_messages", "Messages of the stream in the window of events that the node holds.", nil, nil),
		age:      prometheus.NewDesc("ranger_window_age_seconds", "Time since the oldest message in the window was read.", nil, nil),
		entries:  prometheus.NewDesc("ranger_window_events", "Events in the window, of all users.", nil, nil),
		bytes:    prometheus.NewDesc("ranger_window_bytes", "Estimated memory of the window, which HISTORY_MEMORY bounds.", nil, nil),
		evicted:  prometheus.NewDesc("ranger_window_evicted_total", "Events dropped before they reached HISTORY_TTL, because of HISTORY_SIZE or HISTORY_MEMORY.", nil, nil),
		offset:   prometheus.NewDesc("ranger_window_last_offset", "Offset of the last message read from the stream.", nil, nil),
	})
}

// window is a prometheus.Collector of the journal's figures, all taken at the same time.
type window struct {
	stats                                          func() journal.Stats
	messages, age, entries, bytes, evicted, offset *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (w *window) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(w, ch) }

// Collect implements prometheus.Collector.
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
