package ops_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/ops"
)

// get requests path from a handler and returns the response.
func get(t testing.TB, h http.Handler, method, path string) (status int, contentType, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, w.Header().Get("Content-Type"), string(b)
}

func TestHandler_ReportsLivenessAndReadiness(t *testing.T) {
	r := ops.Readiness{Node: "one", Source: "reading", Reason: "the source is reading"}
	h := ops.Handler(ops.NewMetrics("one", "v1", nil, nil), func() ops.Readiness { return r })
	for _, c := range []struct {
		name, method, path string
		ready              bool
		status             int
		body               string
	}{
		{"alive", "GET", "/livez", false, 200, `{"live":true}`},
		{"not ready", "GET", "/readyz", false, 503, `{"ready":false,"reason":"the source is reading","source":"reading","node":"one"}`},
		{"ready", "GET", "/readyz", true, 200, `{"ready":true,"source":"following","position":"41.9f3c2a11","node":"one"}`},
		{"broker", "GET", "/readyz", true, 200, `{"ready":true,"source":"following","broker":"b:5672","position":"41.9f3c2a11","node":"one"}`},
		{"Redis", "GET", "/readyz", true, 200, `{"ready":true,"source":"following","position":"41.9f3c2a11","redis":"connected","node":"one"}`},
		{"unknown path", "GET", "/", false, 404, "404 page not found"},
		{"unsupported method", "POST", "/readyz", false, 405, "Method Not Allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.ready {
				r = ops.Readiness{Ready: true, Node: "one", Source: "following", Position: "41.9f3c2a11"}
			}
			if c.name == "broker" {
				r.Broker = "b:5672"
			}
			if c.name == "Redis" {
				r.Redis = "connected"
			}
			status, contentType, body := get(t, h, c.method, c.path)
			if status != c.status || strings.TrimSpace(body) != c.body {
				t.Errorf("got %d %s, want %d %s", status, body, c.status, c.body)
			}
			if strings.HasPrefix(c.body, "{") && contentType != "application/json" {
				t.Errorf("got content type %s, want application/json", contentType)
			}
		})
	}
}

// series returns the lines of the ranger_ metrics, without help and type.
func series(t testing.TB, m *ops.Metrics) []string {
	t.Helper()
	_, _, body := get(t, ops.Handler(m, func() ops.Readiness { return ops.Readiness{} }), "GET", "/metrics")
	var lines []string
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "ranger_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// Each counter is incremented once: it, and no other, changes.
func TestMetrics_EachCounterCountsOnce(t *testing.T) {
	m := ops.NewMetrics("one", "v1", []string{"expired", "state"}, []int{1000, 4001})
	for _, c := range []struct {
		series string
		count  func()
	}{
		{`ranger_authentications_total{reason="",result="ok"}`, m.TokenAccepted},
		{`ranger_authentications_total{reason="expired",result="refused"}`, func() { m.TokenRefused("expired") }},
		{`ranger_events_total{kind="orderbook"}`, func() { m.Event(event.Order) }},
		{`ranger_events_total{kind="trade"}`, func() { m.Event(event.Trade) }},
		{`ranger_undelivered_total{reason="no_owner"}`, func() { m.Undelivered(event.NoOwner) }},
		{`ranger_deliveries_total`, func() { m.Delivered(1) }},
		{`ranger_closes_total{code="1000"}`, func() { m.Closed(1000) }},
		{`ranger_closes_total{code="4001"}`, func() { m.Closed(4001) }},
		{`ranger_unparkable_sockets_total`, m.Unparkable},
	} {
		before := series(t, m)
		if !slices.Contains(before, c.series+" 0") {
			t.Errorf("%s is not 0 from the start", c.series)
		}
		c.count()
		want := slices.Clone(before)
		if i := slices.Index(want, c.series+" 0"); i >= 0 {
			want[i] = c.series + " 1"
		}
		if diff := cmp.Diff(want, series(t, m)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.series, diff)
		}
	}
	m.Lagged(2 * time.Millisecond)
	m.Delivered(9)
	for _, want := range []string{"ranger_deliveries_total 10", `ranger_lag_seconds_bucket{le="0.001"} 0`, `ranger_lag_seconds_bucket{le="0.0025"} 1`, `ranger_build_info{node="one",version="v1"} 1`} {
		if !slices.Contains(series(t, m), want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, r := range event.Reasons() {
		if want := `ranger_undelivered_total{reason="` + string(r) + `"}`; !slices.ContainsFunc(series(t, m), func(line string) bool {
			return strings.HasPrefix(line, want)
		}) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestMetrics_GaugesAreReadOnEachScrape(t *testing.T) {
	m := ops.NewMetrics("one", "v1", nil, nil)
	open, authenticated, state, up, members := 3, 2, "reading", true, 7
	stats := journal.Stats{
		Messages: 7, Entries: 5, Bytes: 900, Evicted: 4, CompleteFrom: 10,
		Last: journal.Position{Offset: 16}, Age: 1500 * time.Millisecond,
	}
	m.WatchSockets(func() (int, int) { return open, authenticated })
	m.WatchRedis(func() (bool, int) { return up, members })
	host := "b:5672"
	m.WatchHost([]string{"a:5672", "b:5672"}, func() string { return host })
	m.WatchSource([]string{"connecting", "reading", "following"}, func() string { return state })
	m.WatchWindow(func() journal.Stats { return stats })
	check := func(wants ...string) {
		t.Helper()
		got := series(t, m)
		for _, want := range wants {
			if !slices.Contains(got, want) {
				t.Errorf("%s is missing in:\n%s", want, strings.Join(got, "\n"))
			}
		}
	}
	check("ranger_sockets 3", "ranger_sockets_authenticated 2",
		`ranger_source_state{state="connecting"} 0`, `ranger_source_state{state="reading"} 1`, `ranger_source_state{state="following"} 0`,
		`ranger_source_host{host="a:5672"} 0`, `ranger_source_host{host="b:5672"} 1`,
		"ranger_window_messages 7", "ranger_window_events 5", "ranger_window_bytes 900", "ranger_window_evicted_total 4",
		"ranger_window_last_offset 16", "ranger_window_age_seconds 1.5", "ranger_redis_up 1", "ranger_members 7")
	open, state, stats.Messages, up, members, host = 4, "following", 8, false, 9, "a:5672"
	check(`ranger_source_host{host="a:5672"} 1`, `ranger_source_host{host="b:5672"} 0`)
	check("ranger_sockets 4", "ranger_redis_up 0", "ranger_members 9", `ranger_source_state{state="reading"} 0`, `ranger_source_state{state="following"} 1`, "ranger_window_messages 8")
}
