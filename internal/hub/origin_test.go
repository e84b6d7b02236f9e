package hub_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ranger/internal/hub"
	"ranger/internal/journal"
)

func TestOrigins_Allow(t *testing.T) {
	const list = "https://example.com, http://localhost:3000 ,https://*.trade.test,https://[2001:DB8::1]:8443,HTTPS://Shop.Test:443,"
	for name, c := range map[string]struct {
		allowed string
		host    string
		origins []string
		want    bool
	}{
		"none":                            {"", "ranger.test", nil, true},
		"none, with a list":               {list, "ranger.test", nil, true},
		"empty":                           {"", "ranger.test", []string{""}, false},
		"null":                            {"", "ranger.test", []string{"null"}, false},
		"null, with any":                  {"*", "ranger.test", []string{"null"}, false},
		"two":                             {"*", "ranger.test", []string{"https://ranger.test", "https://ranger.test"}, false},
		"two in one":                      {"*", "ranger.test", []string{"https://ranger.test https://ranger.test"}, false},
		"own":                             {"", "ranger.test", []string{"https://ranger.test"}, true},
		"own, TLS ends before us":         {"", "ranger.test", []string{"http://ranger.test"}, true},
		"own, default port in host":       {"", "ranger.test:443", []string{"https://ranger.test"}, true},
		"own, default port in origin":     {"", "ranger.test", []string{"https://ranger.test:443"}, true},
		"own, port":                       {"", "ranger.test:8080", []string{"https://ranger.test:8080"}, true},
		"own, case":                       {"", "Ranger.Test", []string{"HTTPS://rANGER.tEST"}, true},
		"own, IPv6":                       {"", "[::1]:8080", []string{"http://[::1]:8080"}, true},
		"own, IPv6 without a port":        {"", "[::1]", []string{"https://[::1]"}, true},
		"own, other port":                 {"", "ranger.test:8080", []string{"https://ranger.test:8081"}, false},
		"own, port missing":               {"", "ranger.test:8080", []string{"https://ranger.test"}, false},
		"own, port of the other scheme":   {"", "ranger.test:80", []string{"https://ranger.test"}, false},
		"below own":                       {"", "ranger.test", []string{"https://www.ranger.test"}, false},
		"own at the end":                  {"", "ranger.test", []string{"https://evilranger.test"}, false},
		"own at the front":                {"", "ranger.test", []string{"https://ranger.test.evil.test"}, false},
		"own as user":                     {"", "ranger.test", []string{"https://ranger.test@evil.test"}, false},
		"own with a user":                 {"", "ranger.test", []string{"https://user@ranger.test"}, false},
		"own with a path":                 {"", "ranger.test", []string{"https://ranger.test/"}, false},
		"own with a query":                {"", "ranger.test", []string{"https://ranger.test?x"}, false},
		"own without a scheme":            {"", "ranger.test", []string{"ranger.test"}, false},
		"own with slashes":                {"", "ranger.test", []string{"//ranger.test"}, false},
		"opaque":                          {"", "ranger.test", []string{"https:ranger.test"}, false},
		"no host":                         {"*", "ranger.test", []string{"https://"}, false},
		"not a URL":                       {"*", "ranger.test", []string{"https://%zz"}, false},
		"a pattern, as origin":            {list, "ranger.test", []string{"https://*.trade.test"}, false},
		"not in an empty list":            {"", "ranger.test", []string{"https://example.com"}, false},
		"entry":                           {list, "ranger.test", []string{"https://example.com"}, true},
		"entry, case":                     {list, "ranger.test", []string{"https://EXAMPLE.com"}, true},
		"entry, default port":             {list, "ranger.test", []string{"https://example.com:443"}, true},
		"entry with the default port":     {list, "ranger.test", []string{"https://shop.test"}, true},
		"entry, other scheme":             {list, "ranger.test", []string{"http://example.com"}, false},
		"entry, other scheme, same port":  {list, "ranger.test", []string{"http://example.com:443"}, false},
		"entry, other port":               {list, "ranger.test", []string{"https://example.com:8443"}, false},
		"below an entry":                  {list, "ranger.test", []string{"https://a.example.com"}, false},
		"above an entry":                  {list, "ranger.test", []string{"https://com"}, false},
		"entry with a port":               {list, "ranger.test", []string{"http://localhost:3000"}, true},
		"entry with a port, other port":   {list, "ranger.test", []string{"http://localhost:3001"}, false},
		"entry with a port, without":      {list, "ranger.test", []string{"http://localhost"}, false},
		"entry, IPv6":                     {list, "ranger.test", []string{"https://[2001:db8::1]:8443"}, true},
		"entry, IPv6, other port":         {list, "ranger.test", []string{"https://[2001:db8::1]"}, false},
		"wildcard":                        {list, "ranger.test", []string{"https://a.trade.test"}, true},
		"wildcard, deeper":                {list, "ranger.test", []string{"https://a.b.c.trade.test"}, true},
		"wildcard, itself":                {list, "ranger.test", []string{"https://trade.test"}, false},
		"wildcard, itself with a dot":     {list, "ranger.test", []string{"https://.trade.test"}, false},
		"wildcard, another name":          {list, "ranger.test", []string{"https://eviltrade.test"}, false},
		"wildcard, other scheme":          {list, "ranger.test", []string{"http://a.trade.test"}, false},
		"wildcard, other port":            {list, "ranger.test", []string{"https://a.trade.test:444"}, false},
		"wildcard at the front":           {list, "ranger.test", []string{"https://a.trade.test.evil.test"}, false},
		"any":                             {"*", "ranger.test", []string{"https://evil.test"}, true},
		"any among others":                {list + "*", "ranger.test", []string{"ftp://evil.test"}, true},
		"entry while another is required": {"https://a.test", "ranger.test", []string{"https://b.test"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			origins, err := hub.ParseOrigins(c.allowed)
			if err != nil {
				t.Fatal(err)
			}
			h := hub.New(hub.Config{Origins: origins}, journal.New(journal.Config{}), verifyFunc(readToken), &counters{}, slog.New(slog.DiscardHandler))
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Host = c.host
			r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Origin": c.origins}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := http.StatusForbidden
			if c.want {
				want = http.StatusBadRequest // what is asked next is the version
			}
			if w.Code != want {
				t.Errorf("status %d, want %d", w.Code, want)
			}
		})
	}
}

func TestParseOrigins_Refuses(t *testing.T) {
	for _, list := range []string{
		"example.com", "null", "https://", "https://example.com/", "https://example.com/path", "https://u@example.com",
		"https://*", "https://*.", "wss://example.com", "https://a.*.test", "https://**.test", "*.example.com", "https://exa mple.com",
		"https://ok.test,example.com", "https://example.com:port", "https://example.com?x=1", "https://example.com#x",
	} {
		if _, err := hub.ParseOrigins(list); err == nil || !strings.Contains(err.Error(), "must be an origin") {
			t.Errorf("ParseOrigins(%q): %v, want an error with examples", list, err)
		}
	}
}

// The log names the variable to set. Clients cannot fill the log.
func TestOrigins_RefusalIsLoggedOncePerSecond(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		s.request(upgrade("Origin: https://" + strings.Repeat("x", 4000) + ".test")...) //nolint:bodyclose // request does
		log := s.log.String()
		if !strings.Contains(log, "WEBSOCKET_ALLOWED_ORIGINS") || !strings.Contains(log, "origin=https://xxx") {
			t.Errorf("the log has no advice:\n%s", log)
		}
		if len(log) > 1000 {
			t.Errorf("the log line has %d bytes, want fewer", len(log))
		}
		for range 100 {
			s.request(upgrade("Origin: https://evil.test")...) //nolint:bodyclose // request does
		}
		if got := s.log.String(); got != log {
			t.Errorf("more than one line within a second:\n%s", got)
		}
		pass(time.Second)
		s.request(upgrade("Origin: https://evil.test")...) //nolint:bodyclose // request does
		if got := s.log.String(); !strings.Contains(got, "suppressed=100") {
			t.Errorf("the log has no number of suppressed lines:\n%s", got)
		}
	})
}
