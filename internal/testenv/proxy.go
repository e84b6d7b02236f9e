package testenv

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy forwards TCP connections to a server, so that a test can break those of
// one client without harm to others. It is safe for concurrent use.
type Proxy struct {
	URL string // the server's, with the proxy's address

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu
	watch []byte                // guarded by mu: what Await waits for; nil: nothing
	seen  chan struct{}         // guarded by mu: closed when the server has sent it
}

// NewProxy returns a proxy for the server at a URL. It ends with the test.
func NewProxy(tb testing.TB, server string) *Proxy {
	tb.Helper()
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatal(err)
	}
	target := u.Host
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	u.Host = listener.Addr().String()
	p := &Proxy{URL: u.String(), conns: make(map[net.Conn]struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := new(net.Dialer).DialContext(tb.Context(), "tcp", target)
			if err != nil { // the server is away
				_ = near.Close()
				continue
			}
			p.add(near, far)
			running.Go(func() { p.forward(near, io.TeeReader(far, &scanner{proxy: p}), far) })
			running.Go(func() { p.forward(far, near, near) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
		running.Wait()
	})
	return p
}

// Cut closes all connections. New ones may come.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *Proxy) add(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
}

// Watch returns a channel that is closed when the server sends text from now on,
// on any connection. A second call replaces the first, whose channel is then never
// closed.
func (p *Proxy) Watch(text string) (seen <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch, p.seen = []byte(text), make(chan struct{})
	return p.seen
}

// scanner searches what the server sends on one connection for what is watched.
type scanner struct {
	proxy *Proxy
	last  []byte // the end of what was sent before
}

// Write never fails.
func (s *scanner) Write(b []byte) (int, error) {
	p := s.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	s.last = append(s.last, b...)
	if p.watch != nil && bytes.Contains(s.last, p.watch) {
		close(p.seen)
		p.watch = nil
	}
	const enough = 256 // longer than any text
	s.last = bytes.Clone(s.last[max(0, len(s.last)-enough):])
	return len(b), nil
}

// forward copies what comes from a connection until either ends, and ends both.
func (p *Proxy) forward(to net.Conn, in io.Reader, from net.Conn) {
	_, _ = io.Copy(to, in)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range []net.Conn{to, from} {
		_ = c.Close()
		delete(p.conns, c)
	}
}
