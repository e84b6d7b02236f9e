package testenv

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy forwards TCP connections to a server, so that a test can break or delay the
// connections of one client. It is safe for concurrent use.
type Proxy struct {
	URL string // the server's URL with the address of the proxy

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu
	watch []byte                // guarded by mu: text that Watch waits for; nil: none
	seen  chan struct{}         // guarded by mu: closed when the server has sent it
	hold  *hold                 // guarded by mu; nil: nothing is held back
}

// hold is one call of Hold.
type hold struct {
	text    []byte
	held    chan struct{}
	hit     func() // closes held, once
	release chan struct{}
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
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := new(net.Dialer).DialContext(tb.Context(), "tcp", target)
			if err != nil { // the server is down
				_ = client.Close()
				continue
			}
			p.add(client, server)
			running.Go(func() { p.forward(client, io.TeeReader(server, &watcher{proxy: p}), server) })
			running.Go(func() { p.forward(server, io.TeeReader(client, holder{p}), client) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		p.release(nil)
		p.Cut()
		running.Wait()
	})
	return p
}

// Cut closes all connections. The proxy accepts new ones.
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

// Hold holds back what clients send from now on, beginning on each connection with the
// first data that contains text in one piece. held is closed when that happens first.
// release forwards the data and ends the hold, as the end of the test does. Only one
// hold may be active.
func (p *Proxy) Hold(text string) (held <-chan struct{}, release func()) {
	h := &hold{text: []byte(text), held: make(chan struct{}), release: make(chan struct{})}
	h.hit = sync.OnceFunc(func() { close(h.held) })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = h
	return h.held, func() { p.release(h) }
}

// release ends a hold if it is the active one, or any hold if h is nil.
func (p *Proxy) release(h *hold) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hold != nil && (h == nil || h == p.hold) {
		close(p.hold.release)
		p.hold = nil
	}
}

// holder holds back the data of one connection during a hold.
type holder struct{ proxy *Proxy }

// Write blocks while data with the text is held back. It never fails.
func (h holder) Write(b []byte) (int, error) {
	h.proxy.mu.Lock()
	active := h.proxy.hold
	h.proxy.mu.Unlock()
	if active != nil && bytes.Contains(b, active.text) {
		active.hit()
		<-active.release
	}
	return len(b), nil
}

// watcher searches what the server sends on one connection for the text of Watch.
type watcher struct {
	proxy *Proxy
	last  []byte // the end of the data before
}

// Write never fails.
func (w *watcher) Write(b []byte) (int, error) {
	p := w.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	w.last = append(w.last, b...)
	if p.watch != nil && bytes.Contains(w.last, p.watch) {
		close(p.seen)
		p.watch = nil
	}
	const enough = 256 // longer than any text
	w.last = bytes.Clone(w.last[max(0, len(w.last)-enough):])
	return len(b), nil
}

// forward copies from one connection to the other until either ends, and closes both.
func (p *Proxy) forward(to net.Conn, in io.Reader, from net.Conn) {
	_, _ = io.Copy(to, in)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range []net.Conn{to, from} {
		_ = c.Close()
		delete(p.conns, c)
	}
}
