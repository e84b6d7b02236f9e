package conn

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/frame"
)

// errURL replaces the parser's own error, which quotes the password.
var errURL = errors.New("the broker's URL is not an AMQP URI")

// Options sets up a Conn.
type Options struct {
	// Name is the connection's name in the broker's listings.
	Name string
	// Wrap wraps the socket, or the TLS session on it, before the library reads and
	// writes; nil for none.
	Wrap func(net.Conn) net.Conn
	// Behind reports whether what Wrap returned has held up the broker's answers
	// since a time: then Do waits longer. nil means never. It must be safe for
	// concurrent use.
	Behind func(since time.Time) bool

	Timeouts Timeouts
}

// dial opens a connection to an endpoint. The TCP connection may take tcp.
func dial(ctx context.Context, to endpoint, tcp time.Duration, o Options) (*Conn, error) {
	uri, err := amqp091.ParseURI(to.url)
	if err != nil {
		return nil, WithAdvice(errURL, adviceURL)
	}
	d := dialer{ctx: ctx, uri: uri, address: to.address, tcp: tcp, options: o}
	properties := amqp091.NewConnectionProperties()
	properties.SetClientConnectionName(o.Name)
	// The scheme is amqp in any case: TLS is done by the dialer, because Wrap and the
	// sanitizer need the decrypted bytes.
	_, rest, _ := strings.Cut(to.url, ":")
	c, err := amqp091.DialConfig("amqp:"+rest, amqp091.Config{
		Heartbeat:  o.Timeouts.Heartbeat,
		FrameSize:  frame.Max,
		Locale:     "en_US",
		Properties: properties,
		Dial:       d.dial,
	})
	d.release()
	if err != nil {
		d.close() // the library leaves it open if the handshake fails
		return nil, dialError(err)
	}
	return &Conn{Connection: c, address: to.address, socket: d.socket, behind: o.Behind, timeouts: o.Timeouts}, nil
}

// dialer opens the socket of one connection.
type dialer struct {
	ctx     context.Context //nolint:containedctx // of the one call of Dial
	uri     amqp091.URI
	address string        // IP:port
	tcp     time.Duration // for the TCP connection
	options Options

	socket  net.Conn
	wrapped net.Conn    // what the library gets
	stop    func() bool // detaches socket from ctx
}

func (d *dialer) dial(network, _ string) (net.Conn, error) {
	timeout := d.options.Timeouts.Handshake
	tcp := net.Dialer{Timeout: d.tcp}
	var err error
	if d.socket, err = tcp.DialContext(d.ctx, network, d.address); err != nil {
		return nil, err
	}
	d.stop = context.AfterFunc(d.ctx, func() { _ = d.socket.Close() })
	// The library lifts this deadline once the connection is open.
	if err := d.socket.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	plain := d.socket
	if d.uri.Scheme == "amqps" {
		if plain, err = startTLS(d.ctx, d.socket, d.uri); err != nil {
			return nil, err
		}
	}
	if d.options.Wrap != nil {
		plain = d.options.Wrap(plain)
	}
	d.wrapped = frame.Sanitize(plain)
	return d.wrapped, nil
}

func (d *dialer) release() {
	if d.stop != nil {
		d.stop()
	}
}

func (d *dialer) close() {
	if d.socket != nil {
		_ = d.socket.Close()
	}
	if d.wrapped != nil {
		_ = d.wrapped.Close() // ends the goroutines of Wrap
	}
}
