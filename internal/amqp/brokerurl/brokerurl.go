// Package brokerurl reads the list of URLs at which a RabbitMQ, or the nodes of a RabbitMQ
// cluster, can be reached.
package brokerurl

import (
	"errors"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// These are returned by Check. They do not quote the URL, which contains a password.
var (
	errInvalid = errors.New("must be like amqp://user:password@localhost:5672/vhost, or amqps://…, or several such URLs with commas between them; percent-encode special characters of user, password and virtual host")
	errVhosts  = errors.New("must name the same virtual host in each URL: the hosts of a cluster share its streams")
)

// separator is a comma before a scheme. A password may contain other commas.
var separator = regexp.MustCompile(`\s*,\s*(amqps?://)`)

// Split returns the URLs of a list.
func Split(list string) []string {
	var urls []string
	begin := 0
	for _, at := range separator.FindAllStringSubmatchIndex(list, -1) {
		urls = append(urls, list[begin:at[0]])
		begin = at[2] // of the scheme
	}
	return append(urls, list[begin:])
}

// Join returns the list of URLs.
func Join(urls []string) string { return strings.Join(urls, ",") }

// Check returns an error if list is not a list of at least one URL, amqp:// or amqps://,
// of the hosts of one cluster.
func Check(list string) error {
	vhost := ""
	for i, raw := range Split(list) {
		uri, err := amqp091.ParseURI(raw) // takes a URL without a host, and any number as a port
		if err != nil || uri.Port < 1 || uri.Port > 65535 {
			return errInvalid
		}
		u, err := url.Parse(raw)
		if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname()+u.EscapedPath(), ", ") {
			return errInvalid // or a list whose elements are no URLs
		}
		if i > 0 && uri.Vhost != vhost {
			return errVhosts
		}
		vhost = uri.Vhost
	}
	return nil
}

// Host returns the host and port of a URL, for logs. It is empty if the URL is invalid.
func Host(raw string) string {
	uri, err := amqp091.ParseURI(raw)
	if err != nil {
		return ""
	}
	return net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port))
}

// Hosts returns the Host of each URL of a list, each once.
func Hosts(list string) []string {
	var hosts []string
	seen := make(map[string]bool)
	for _, raw := range Split(list) {
		if h := Host(raw); !seen[h] {
			seen[h] = true
			hosts = append(hosts, h)
		}
	}
	return hosts
}
