package cli

import (
	"net/url"
	"strconv"

	"ranger/internal/amqp/brokerurl"
)

// BrokerURL accepts the URL of a RabbitMQ, or a list of those of its hosts.
func (c *Checker) BrokerURL(name, raw string) string {
	if err := brokerurl.Check(raw); err != nil {
		c.Fail(name, "%v", err) // the value contains a password
	}
	return raw
}

// WebSocketURL accepts the URL of a server for WebSockets.
func (c *Checker) WebSocketURL(name, raw string) string {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Hostname() == "" || !validPort(u.Port()) {
		c.Fail(name, "%q: must be like ws://localhost:8080/ or wss://push.example.com/", raw)
	}
	return raw
}

// validPort reports whether the port of a URL is valid or absent.
func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}
