// Package bench puts a server under load and measures the cost of a socket, of a
// connect and of a delivery, the latency of deliveries, and how storms and bursts
// affect other users. It verifies each delivery meanwhile.
package bench

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"ranger/internal/event"
)

// Config describes the load and the server. A zero value selects the scenario's
// default.
type Config struct {
	// URL is the server's ws:// or wss:// URL.
	URL string
	// Server names the server in the report; URL by default.
	Server string
	// PID is the server's process on this machine, whose CPU time and memory are
	// read (Linux). 0: those figures are omitted.
	PID int
	// Token returns a valid session token. It is called concurrently.
	Token func(event.UID) (string, error)
	// Connect opens a connection to the broker.
	Connect func(context.Context) (Publisher, error)

	Users    int           // number of users
	Sockets  int           // sockets per user
	Events   int           // trades to publish at full speed or in a burst
	Rate     int           // trades, or connects, per second
	Duration time.Duration // duration of a load of fixed rate
	// Stable is the time for which the server's resident memory must stay within 1 %
	// before it is reported, in whole seconds; 15 s for idle, 5 s for slow.
	Stable time.Duration
	// Patience is the time without any delivery after which the missing events count
	// as lost; 30 s by default.
	Patience time.Duration
	// Connecting is the number of sockets that connect at once, 64 by default.
	Connecting int

	// TLS verifies a wss:// server; the system's roots by default.
	TLS *tls.Config
	// Dial opens the connections of sockets; by default net.Dialer does.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Progress, if set, is called with the current step, the part that is done, and
	// the total. Calls may be concurrent.
	Progress func(what string, done, total int64)
}

// Publisher is a connection to the broker. One goroutine uses it at a time.
type Publisher interface {
	// Publish sends d to the exchange of its kind. It may wait until the broker takes
	// more. After an error the connection cannot be used any more.
	Publish(ctx context.Context, d event.Delivery) error
	// Flush waits until the broker has confirmed everything that was published.
	Flush(ctx context.Context) error
	Close()
}

// Scenario is a load and the measurements under it.
type Scenario struct {
	Name string // argument of `ranger bench`
	Help string // one sentence
	// Run puts the load on the server and returns the measurements. Everything that
	// it started has ended when it returns. It returns an error if it could not
	// measure; faults of the server are in the report's Faults.
	Run func(context.Context, Config) (Report, error)
}
