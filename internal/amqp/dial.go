package amqp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// errURL stands for the parser's own words, which quote the password.
var errURL = errors.New("the broker's URL is not an AMQP URI")

// dial opens a connection that the broker lists under name. The end of ctx ends
// it at any point; afterwards ctx is of no more use to the connection. Deliveries to
// in's consumer are for in, unless that is nil.
func dial(ctx context.Context, url, name string, in *intake, l limits) (*connection, error) {
	c, err := dialOver(ctx, url, name, l, func(c net.Conn) net.Conn {
		if in != nil {
			in.over(c)
			c = in
		}
		return tidy(c)
	})
	if err == nil {
		c.in = in
	}
	return c, err
}

// dialOver is dial, with something of ours between the library and the
// connection, or what is decrypted of it.
func dialOver(ctx context.Context, url, name string, l limits, over func(net.Conn) net.Conn) (*connection, error) {
	l = l.withDefaults()
	uri, err := amqp091.ParseURI(url)
	if err != nil {
		return nil, &topologyError{errURL, badURL}
	}
	var conn, whole net.Conn
	release := func() bool { return true }
	properties := amqp091.NewConnectionProperties()
	properties.SetClientConnectionName(name)
	// TLS is ours, since tidied and intake have to read what comes out of it.
	_, behindScheme, _ := strings.Cut(url, ":")
	c, err := amqp091.DialConfig("amqp:"+behindScheme, amqp091.Config{
		Heartbeat:  l.Heartbeat,
		FrameSize:  frameMax,
		Locale:     "en_US",
		Properties: properties,
		Dial: func(network, _ string) (net.Conn, error) {
			d := net.Dialer{Timeout: l.Handshake}
			var err error
			if conn, err = d.DialContext(ctx, network, net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port))); err != nil {
				return nil, err
			}
			release = context.AfterFunc(ctx, func() { _ = conn.Close() })
			// The library lifts this deadline once the connection is open.
			if err := conn.SetDeadline(time.Now().Add(l.Handshake)); err != nil {
				return nil, err
			}
			plain := conn
			if uri.Scheme == "amqps" {
				if plain, err = encrypt(ctx, conn, uri); err != nil {
					return nil, err
				}
			}
			whole = over(plain)
			return whole, nil
		},
	})
	release()
	if err != nil {
		if conn != nil {
			_ = conn.Close() // the library leaves it open where the two sides disagree
		}
		if whole != nil {
			_ = whole.Close()
		}
		err = fmt.Errorf("connect to the broker: %w", err)
		if a := tlsAdvice(err); a != "" {
			err = &topologyError{err, a}
		} else if advice(err) == "" {
			err = &topologyError{err, unreachable}
		}
		return nil, err
	}
	return &connection{Connection: c, socket: conn, limits: l}, nil
}
