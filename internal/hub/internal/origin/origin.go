// Package origin decides which pages of the web may open sockets.
package origin

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Set is a set of origins that may connect. Its zero value is empty: then only pages
// of the server's host may, and clients that send no Origin.
type Set struct {
	any      bool
	patterns []pattern
}

type pattern struct {
	scheme string
	host   string // if it begins with *. it is any name below
	port   string // never empty
}

// Parse parses a comma-separated list of `scheme://host[:port]`,
// `scheme://*.example.com` (any depth, but not example.com) and `*`.
func Parse(list string) (Set, error) {
	var o Set
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		switch item {
		case "":
			continue
		case "*":
			o.any = true
			continue
		}
		p, ok := parsePattern(item)
		name := strings.TrimPrefix(p.host, "*.")
		socket := p.scheme == "ws" || p.scheme == "wss" // a page's origin never is
		if !ok || socket || name == "" || strings.Contains(name, "*") {
			return Set{}, fmt.Errorf("%q: must be an origin such as https://example.com, https://example.com:8443, https://*.example.com or *", item)
		}
		o.patterns = append(o.patterns, p)
	}
	return o, nil
}

// Allow reports whether a request's Origin may connect (RFC 6454 §7).
func (o Set) Allow(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true // browsers always send one
	}
	origin, ok := parsePattern(values[0])
	if !ok || len(values) > 1 || strings.Contains(origin.host, "*") {
		return false
	}
	if o.any || origin.isHost(r.Host) {
		return true
	}
	for _, p := range o.patterns {
		if p.matches(origin) {
			return true
		}
	}
	return false
}

func parsePattern(s string) (pattern, bool) {
	u, err := url.Parse(strings.ToLower(s))
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return pattern{}, false
	}
	p := pattern{scheme: u.Scheme, host: u.Hostname(), port: u.Port()}
	if p.port == "" {
		p.port = defaultPort(p.scheme)
	}
	return p, true
}

func defaultPort(scheme string) string {
	switch scheme {
	case "https", "wss":
		return "443"
	default:
		return "80"
	}
}

// isHost reports whether the origin's host and port are those of a Host header. The scheme
// does not count, because a proxy may end TLS: a Host without a port has the default port
// of the origin's scheme.
func (p pattern) isHost(host string) bool {
	name, port, err := net.SplitHostPort(strings.ToLower(host))
	if err != nil {
		name, port = strings.Trim(strings.ToLower(host), "[]"), defaultPort(p.scheme)
	}
	return p.host == name && p.port == port
}

func (p pattern) matches(origin pattern) bool {
	if p.scheme != origin.scheme || p.port != origin.port {
		return false
	}
	if below, ok := strings.CutPrefix(p.host, "*"); ok {
		return strings.HasSuffix(origin.host, below) && len(origin.host) > len(below)
	}
	return p.host == origin.host
}
