package hub

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Origins is a set of origins that may connect. Its zero value is empty: then only pages
// of the server's host may, and clients that send no Origin.
type Origins struct {
	any      bool
	patterns []originPattern
}

type originPattern struct {
	scheme string
	host   string // if it begins with *. it is any name below
	port   string // never empty
}

// ParseOrigins parses a comma-separated list of `scheme://host[:port]`,
// `scheme://*.example.com` (any depth, but not example.com) and `*`.
func ParseOrigins(list string) (Origins, error) {
	var o Origins
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		switch item {
		case "":
			continue
		case "*":
			o.any = true
			continue
		}
		p, ok := parseOrigin(item)
		name := strings.TrimPrefix(p.host, "*.")
		socket := p.scheme == "ws" || p.scheme == "wss" // a page's origin never is
		if !ok || socket || name == "" || strings.Contains(name, "*") {
			return Origins{}, fmt.Errorf("%q: must be an origin such as https://example.com, https://example.com:8443, https://*.example.com or *", item)
		}
		o.patterns = append(o.patterns, p)
	}
	return o, nil
}

// allow reports whether a request's Origin may connect (RFC 6454 §7).
func (o Origins) allow(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true // browsers always send one
	}
	origin, ok := parseOrigin(values[0])
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

func parseOrigin(s string) (originPattern, bool) {
	u, err := url.Parse(strings.ToLower(s))
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return originPattern{}, false
	}
	p := originPattern{scheme: u.Scheme, host: u.Hostname(), port: u.Port()}
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
func (p originPattern) isHost(host string) bool {
	name, port, err := net.SplitHostPort(strings.ToLower(host))
	if err != nil {
		name, port = strings.Trim(strings.ToLower(host), "[]"), defaultPort(p.scheme)
	}
	return p.host == name && p.port == port
}

func (p originPattern) matches(origin originPattern) bool {
	if p.scheme != origin.scheme || p.port != origin.port {
		return false
	}
	if below, ok := strings.CutPrefix(p.host, "*"); ok {
		return strings.HasSuffix(origin.host, below) && len(origin.host) > len(below)
	}
	return p.host == origin.host
}
