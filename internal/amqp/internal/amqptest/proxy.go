package amqptest

import (
	"bufio"
	"encoding/binary"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
)

// Proxy forwards connections to the broker, so that a test can break those of one
// node without harm to others. Unlike testenv.Proxy it reads the broker's frames and
// can edit them. It is safe for concurrent use.
type Proxy struct {
	URL string // the broker's, with the proxy's address

	target   string
	listener net.Listener

	mu     sync.Mutex
	closed bool                  // guarded by mu: new connections are closed at once
	conns  map[net.Conn]struct{} // guarded by mu
	muted  map[net.Conn]struct{} // guarded by mu: nothing is forwarded to these
	edit   func([]byte) []byte   // guarded by mu: see Edit
}

// NewProxy returns a proxy for the broker at url. It ends with the test.
func NewProxy(tb testing.TB, url string) *Proxy {
	tb.Helper()
	var listen net.ListenConfig
	listener, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return NewProxyOn(tb, url, listener)
}

// NewProxyOn is NewProxy with a listener, which it closes.
func NewProxyOn(tb testing.TB, url string, listener net.Listener) *Proxy {
	tb.Helper()
	_, target, _ := strings.Cut(url, "@")
	target, _, _ = strings.Cut(target, "/")
	p := &Proxy{
		URL:      strings.Replace(url, target, listener.Addr().String(), 1),
		target:   target,
		listener: listener,
		conns:    map[net.Conn]struct{}{},
		muted:    map[net.Conn]struct{}{},
	}
	var running sync.WaitGroup
	running.Go(func() { p.serve(tb, &running) })
	tb.Cleanup(func() {
		_ = listener.Close()
		p.Block()
		running.Wait()
	})
	return p
}

func (p *Proxy) serve(tb testing.TB, running *sync.WaitGroup) {
	var dial net.Dialer
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := dial.DialContext(tb.Context(), "tcp", p.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.mu.Lock()
		p.conns[near], p.conns[far] = struct{}{}, struct{}{}
		closed := p.closed
		p.mu.Unlock()
		if closed {
			p.end(near, far)
			continue
		}
		running.Go(func() { p.forwardFrames(near, far) })
		running.Go(func() { p.forward(far, near) })
	}
}

// forward forwards what a client sends.
func (p *Proxy) forward(to, from net.Conn) {
	_, _ = io.Copy(writer(func(b []byte) (int, error) {
		if p.isMuted(to) {
			return len(b), nil
		}
		return to.Write(b)
	}), from)
	p.end(to, from)
}

// forwardFrames forwards what the broker sends, frame by frame.
func (p *Proxy) forwardFrames(to, from net.Conn) {
	defer p.end(to, from)
	in, out := bufio.NewReader(from), bufio.NewWriter(to)
	for {
		head, err := in.Peek(7)
		if err != nil {
			return
		}
		frame := make([]byte, 7+binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(in, frame); err != nil {
			return
		}
		p.mu.Lock()
		edit := p.edit
		p.mu.Unlock()
		if edit != nil {
			frame = edit(frame)
		}
		if p.isMuted(to) {
			continue
		}
		if _, err := out.Write(frame); err != nil {
			return
		}
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// Edit makes the proxy forward what f returns for each frame of the broker. If f is
// nil it forwards frames unchanged. Several goroutines may call f at once.
func (p *Proxy) Edit(f func(frame []byte) []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.edit = f
}

// Drop makes the proxy drop the broker's frames with this method.
func (p *Proxy) Drop(m Method) {
	p.Edit(func(frame []byte) []byte {
		if MethodOf(frame) == m {
			return nil
		}
		return frame
	})
}

// Mute makes the proxy forward nothing more on the connections that are open, in
// both directions. They stay open.
func (p *Proxy) Mute() {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(p.muted, p.conns)
}

func (p *Proxy) isMuted(to net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, muted := p.muted[to]
	return muted
}

// Cut closes the connections that are open. New ones may come.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// Block closes the connections that are open, and new ones until Unblock.
func (p *Proxy) Block() {
	p.setClosed(true)
	p.Cut()
}

// Unblock lets new connections through again.
func (p *Proxy) Unblock() { p.setClosed(false) }

func (p *Proxy) setClosed(closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = closed
}

func (p *Proxy) end(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}
