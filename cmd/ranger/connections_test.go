package main_test

import (
	"context"
	"net"
	"sync"
)

// connections are the open connections of clients.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]bool // guarded by mu
	more chan struct{}     // guarded by mu: closed and replaced when a connection is added
}

func newConnections() *connections {
	return &connections{open: make(map[net.Conn]bool), more: make(chan struct{})}
}

// dial opens one: a audit.Config's Dial.
func (c *connections) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	kept := keptConn{conn, c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[kept] = true
	close(c.more)
	c.more = make(chan struct{})
	return kept, nil
}

// cut breaks a random connection without a close frame, as a lost network does. It waits if
// there is none. It returns the client's address.
func (c *connections) cut() string {
	for {
		c.mu.Lock()
		more := c.more
		for conn := range c.open { // in random order
			c.mu.Unlock()
			_ = conn.Close()
			return conn.LocalAddr().String()
		}
		c.mu.Unlock()
		<-more
	}
}

// keptConn is a connection that removes itself when it is closed.
type keptConn struct {
	net.Conn

	of *connections
}

func (k keptConn) Close() error {
	k.of.mu.Lock()
	delete(k.of.open, k)
	k.of.mu.Unlock()
	return k.Conn.Close()
}
