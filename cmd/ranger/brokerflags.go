package main

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"ranger/internal/amqp"
)

// brokerFlags say where RabbitMQ is and which exchanges events come through.
type brokerFlags struct {
	RabbitmqURLFile      string `name:"rabbitmq-url-file" env:"RABBITMQ_URL_FILE" placeholder:"PATH" group:"broker" help:"File that holds RABBITMQ_URL, amqp://user:password@host:port/vhost or amqps://…; set either instead of the five that follow. A URL has no flag, since it bears a password."`
	RabbitmqHost         string `env:"RABBITMQ_HOST" default:"localhost" group:"broker" help:"RabbitMQ's host."`
	RabbitmqPort         string `env:"RABBITMQ_PORT" default:"5672" group:"broker" help:"RabbitMQ's port."`
	RabbitmqUser         string `env:"RABBITMQ_USER" default:"guest" group:"broker" help:"RabbitMQ's user."`
	RabbitmqPasswordFile string `env:"RABBITMQ_PASSWORD_FILE" placeholder:"PATH" group:"broker" help:"File that holds RABBITMQ_PASSWORD, which has no flag and is guest by default."`
	RabbitmqVhost        string `env:"RABBITMQ_VHOST" default:"/" group:"broker" help:"RabbitMQ's virtual host."`

	AmqpOrderbookExchange string `env:"AMQP_ORDERBOOK_EXCHANGE" default:"peatio.orderbook" group:"broker" help:"The fanout exchange that Orders come through."`
	AmqpTradeExchange     string `env:"AMQP_TRADE_EXCHANGE" default:"peatio.trade" group:"broker" help:"The headers exchange that Trades come through."`
	AmqpExchangeDurable   string `env:"AMQP_EXCHANGE_DURABLE" default:"false" group:"broker" help:"Whether an exchange that is missing is declared durable. Peatio declares both as not durable, and is refused where they stand otherwise."`
}

// url returns the broker's URL.
func (f *brokerFlags) url(c *checker) string {
	if raw := c.secret("RABBITMQ_URL", f.RabbitmqURLFile); raw != "" {
		return c.brokerURL("RABBITMQ_URL", raw)
	}
	password := c.secret("RABBITMQ_PASSWORD", f.RabbitmqPasswordFile)
	if password == "" {
		password = "guest"
	}
	port := c.number("RABBITMQ_PORT", f.RabbitmqPort, 1, 65535)
	u := url.URL{
		Scheme: "amqp",
		User:   url.UserPassword(c.text("RABBITMQ_USER", f.RabbitmqUser), password),
		Host:   net.JoinHostPort(c.host("RABBITMQ_HOST", f.RabbitmqHost), itoa(port)),
	}
	return u.String() + "/" + strings.ReplaceAll(url.PathEscape(f.RabbitmqVhost), "/", "%2F")
}

// brokerURL takes the URL of a RabbitMQ.
func (c *checker) brokerURL(name, raw string) string {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "amqp" && u.Scheme != "amqps") || u.Hostname() == "" || !goodPort(u.Port()) {
		c.fail(name, "must be like amqp://user:password@localhost:5672/vhost, or amqps://…, with special characters of user and password percent-encoded") // the value bears a password
	}
	return raw
}

// goodPort tells whether a URL's port is one, or not there.
func goodPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

func (f *brokerFlags) exchanges(c *checker) amqp.Exchanges {
	e := amqp.Exchanges{
		Orders:  c.text("AMQP_ORDERBOOK_EXCHANGE", f.AmqpOrderbookExchange),
		Trades:  c.text("AMQP_TRADE_EXCHANGE", f.AmqpTradeExchange),
		Durable: c.flag("AMQP_EXCHANGE_DURABLE", f.AmqpExchangeDurable),
	}
	if e.Orders == e.Trades {
		c.fail("AMQP_TRADE_EXCHANGE", "%q: must differ from AMQP_ORDERBOOK_EXCHANGE", e.Trades)
	}
	return e
}
