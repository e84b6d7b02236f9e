package hubtest

import (
	"context"
	"net"
	"sync"
)

// PeerAddr is the address of all clients of Pipes.
var PeerAddr = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4711} //nolint:gochecknoglobals // a constant of tests

// Pipes is a net.Listener of connections in memory. Its methods are safe for concurrent
// use.
type Pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewPipes returns a listener without connections.
func NewPipes() *Pipes {
	return &Pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial returns the client's side of a new connection when it is accepted.
func (p *Pipes) Dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	if err := p.Hand(ctx, From(server)); err != nil {
		return nil, err
	}
	return client, nil
}

// Hand returns when c, the server's side of a connection, is accepted.
func (p *Pipes) Hand(ctx context.Context, c net.Conn) error {
	select {
	case p.conns <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Accept returns the next connection.
func (p *Pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *Pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr returns an address.
func (*Pipes) Addr() net.Addr { return PeerAddr }

// From returns c as a connection from PeerAddr.
func From(c net.Conn) net.Conn { return from{c} }

type from struct{ net.Conn }

func (from) RemoteAddr() net.Addr { return PeerAddr }
