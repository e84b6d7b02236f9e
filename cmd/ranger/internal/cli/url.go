package cli

import (
	"net/url"
	"strconv"
)

// BrokerURL accepts the URL of a RabbitMQ.
func (c *Checker) BrokerURL(name, raw string) string {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "amqp" && u.Scheme != "amqps") || u.Hostname() == "" || !validPort(u.Port()) {
		c.Fail(name, "must be like amqp://user:password@localhost:5672/vhost, or amqps://…, with special characters of user and password percent-encoded") // the value contains a password
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
