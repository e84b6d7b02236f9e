package cli

import (
	"net/url"
	"strings"

	"ranger/internal/amqp/brokerurl"
	"ranger/internal/amqp/topology"
)

// BrokerFlags are the address of RabbitMQ and the names of the exchanges.
type BrokerFlags struct {
	RabbitmqURLFile      string `name:"rabbitmq-url-file" env:"RABBITMQ_URL_FILE" placeholder:"PATH" group:"broker" help:"File that contains RABBITMQ_URL, amqp://user:password@host:port/vhost or amqps://…, or a comma-separated list of such URLs for the hosts of a cluster, which replaces the five other RABBITMQ_ variables. RABBITMQ_URL contains a password and has no flag."`
	RabbitmqHost         string `env:"RABBITMQ_HOST" default:"localhost" group:"broker" help:"Host of RabbitMQ, or a comma-separated list of the hosts of a cluster, each with or without a port: rabbit1,rabbit2:5673."`
	RabbitmqPort         string `env:"RABBITMQ_PORT" default:"5672" group:"broker" help:"Port of RabbitMQ, for hosts without one."`
	RabbitmqUser         string `env:"RABBITMQ_USER" default:"guest" group:"broker" help:"User at RabbitMQ."`
	RabbitmqPasswordFile string `env:"RABBITMQ_PASSWORD_FILE" placeholder:"PATH" group:"broker" help:"File that contains RABBITMQ_PASSWORD, which has no flag. Default: guest."`
	RabbitmqVhost        string `env:"RABBITMQ_VHOST" default:"/" group:"broker" help:"Virtual host at RabbitMQ."`

	AmqpOrderbookExchange string `env:"AMQP_ORDERBOOK_EXCHANGE" default:"peatio.orderbook" group:"broker" help:"Fanout exchange to which Orders are published."`
	AmqpTradeExchange     string `env:"AMQP_TRADE_EXCHANGE" default:"peatio.trade" group:"broker" help:"Headers exchange to which Trades are published."`
	AmqpExchangeDurable   string `env:"AMQP_EXCHANGE_DURABLE" default:"false" group:"broker" help:"Whether ranger declares a missing exchange as durable. Peatio declares both as not durable and fails if they are durable."`
}

// BrokerURL returns the broker's URL, or a list of those of its hosts, separated by
// commas.
func (f *BrokerFlags) BrokerURL(c *Checker) string {
	if raw := c.Secret("RABBITMQ_URL", f.RabbitmqURLFile); raw != "" {
		return c.BrokerURL("RABBITMQ_URL", raw)
	}
	password := c.Secret("RABBITMQ_PASSWORD", f.RabbitmqPasswordFile)
	if password == "" {
		password = "guest"
	}
	port := c.Number("RABBITMQ_PORT", f.RabbitmqPort, 1, 65535)
	user := url.UserPassword(c.Text("RABBITMQ_USER", f.RabbitmqUser), password)
	var urls []string
	for _, host := range c.Hosts("RABBITMQ_HOST", f.RabbitmqHost, port) {
		u := url.URL{Scheme: "amqp", User: user, Host: host}
		urls = append(urls, u.String()+"/"+strings.ReplaceAll(url.PathEscape(f.RabbitmqVhost), "/", "%2F"))
	}
	return brokerurl.Join(urls)
}

// Exchanges returns the checked names of the exchanges.
func (f *BrokerFlags) Exchanges(c *Checker) topology.Exchanges {
	e := topology.Exchanges{
		Orders:  c.Text("AMQP_ORDERBOOK_EXCHANGE", f.AmqpOrderbookExchange),
		Trades:  c.Text("AMQP_TRADE_EXCHANGE", f.AmqpTradeExchange),
		Durable: c.Flag("AMQP_EXCHANGE_DURABLE", f.AmqpExchangeDurable),
	}
	if e.Orders == e.Trades {
		c.Fail("AMQP_TRADE_EXCHANGE", "%q: must differ from AMQP_ORDERBOOK_EXCHANGE", e.Trades)
	}
	return e
}
