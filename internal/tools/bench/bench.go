// Package bench puts a server under load and measures it: what a socket, a
// connect and a delivery cost, how late deliveries are, and what storms and bursts
// do to others. It verifies each delivery meanwhile.
package bench

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"ranger/internal/event"
)

// Config says what is measured, and with what load. Zero values stand for the
// scenario's defaults.
type Config struct {
	// URL is the server's, ws:// or wss://.
	URL string
	// Server names it in the report; the URL by default.
	Server string
	// PID is the server's process on this machine, whose CPU time and memory are
	// read (Linux); 0: they are not told.
	PID int
	// Token returns a good session token. It is called concurrently.
	Token func(event.UID) (string, error)
	// Connect opens a connection to the broker.
	Connect func(context.Context) (Publisher, error)

	Users    int           // how many users there are
	Sockets  int           // sockets for each
	Events   int           // trades to publish at full speed, or in a burst
	Rate     int           // trades, or connects, a second
	Duration time.Duration // how long a load of fixed rate goes on
	// Stable is how long the server's resident memory must have stayed within 1 %
	// before it is reported, in whole seconds; 15 s for idle, 5 s for slow.
	Stable time.Duration
	// Patience is how long no event may be delivered before those that are missing
	// count as lost; 30 s by default.
	Patience time.Duration
	// Connecting is how many sockets are opened at once, 64 by default.
	Connecting int

	// TLS is what a wss:// server is held against; the system's roots by default.
	TLS *tls.Config
	// Dial opens sockets' connections; net.Dialer's by default.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Progress, where it is set, is told how far the run is: what is being done,
	// how much of it is done, and how much there is. Calls may be concurrent.
	Progress func(what string, done, total int64)
}

// Publisher is a connection to the broker.
type Publisher interface {
	// Publish sends d to the exchange of its kind. It may wait until the broker
	// takes more. An error says that the connection is of no more use.
	Publish(ctx context.Context, d event.Delivery) error
	// Flush waits until the broker has confirmed all that was published.
	Flush(ctx context.Context) error
	Close()
}

// Scenario is a load, and what is measured under it.
type Scenario struct {
	Name string // as it is given on the command line
	Help string // one sentence
	// Run puts the load on the server and returns what it found. When it returns,
	// all that it started has ended. An error says that it could not measure; what
	// the server did wrong is in the report's Faults.
	Run func(context.Context, Config) (Report, error)
}
