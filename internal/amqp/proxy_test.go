package amqp_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"

	"ranger/internal/amqp"
)

// proxy stands between a node and the broker, so that a test can part them
// without a harm to others.
type proxy struct {
	url    string // the broker's, through the proxy
	target string
	ln     net.Listener

	mu    sync.Mutex
	shut  bool                  // guarded by mu: connections are ended at once
	conns map[net.Conn]struct{} // guarded by mu
	muted map[net.Conn]struct{} // guarded by mu: nothing is passed on to these
	edit  func([]byte) []byte   // guarded by mu: makes of the broker's frames what is passed on; nil: as they are
}

// newProxy returns an open proxy for the broker at url.
func newProxy(tb testing.TB, url string) *proxy {
	tb.Helper()
	var listen net.ListenConfig
	ln, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return newProxyOn(tb, url, ln)
}

// behindProxy returns cfg with a proxy before its broker, and that.
func behindProxy(tb testing.TB, cfg amqp.Config) (amqp.Config, *proxy) {
	tb.Helper()
	p := newProxy(tb, cfg.URL)
	cfg.URL = p.url
	return cfg, p
}

// newProxyOn is newProxy with a listener, which it closes.
func newProxyOn(tb testing.TB, url string, ln net.Listener) *proxy {
	tb.Helper()
	_, target, _ := strings.Cut(url, "@")
	target, _, _ = strings.Cut(target, "/")
	p := &proxy{
		url:    strings.Replace(url, target, ln.Addr().String(), 1),
		target: target,
		ln:     ln,
		conns:  map[net.Conn]struct{}{},
		muted:  map[net.Conn]struct{}{},
	}
	var running sync.WaitGroup
	running.Go(func() { p.serve(tb, &running) })
	tb.Cleanup(func() {
		_ = ln.Close()
		p.part()
		running.Wait()
	})
	return p
}

func (p *proxy) serve(tb testing.TB, running *sync.WaitGroup) {
	var dial net.Dialer
	for {
		near, err := p.ln.Accept()
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
		shut := p.shut
		p.mu.Unlock()
		if shut {
			p.end(near, far)
			continue
		}
		running.Go(func() { p.answer(near, far) })
		running.Go(func() { p.copy(far, near) })
	}
}

func (p *proxy) copy(to, from net.Conn) {
	_, _ = io.Copy(writer(func(b []byte) (int, error) {
		if p.mutes(to) {
			return len(b), nil
		}
		return to.Write(b)
	}), from)
	p.end(to, from)
}

// answer copies what the broker sends, frame by frame.
func (p *proxy) answer(to, from net.Conn) {
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
		if p.mutes(to) {
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

// edits has f make of each frame that the broker sends what is passed on; nil
// passes them on as they are.
func (p *proxy) edits(f func(frame []byte) []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.edit = f
}

// method is a method of AMQP: its class and its own number.
type method [2]uint16

// methodOf returns the method that a frame is of, zero for none.
func methodOf(frame []byte) (m method) {
	const methodFrame = 1
	if frame[0] == methodFrame && len(frame) >= 12 {
		m = method{binary.BigEndian.Uint16(frame[7:]), binary.BigEndian.Uint16(frame[9:])}
	}
	return m
}

// swallow passes all on but one method of the broker's: heartbeats, say.
func (p *proxy) swallow(m method) {
	p.edits(func(frame []byte) []byte {
		if methodOf(frame) == m {
			return nil
		}
		return frame
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

func (p *proxy) mutes(to net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, muted := p.muted[to]
	return muted
}

// mute has the connections that there are say nothing more, both ways.
func (p *proxy) mute() {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(p.muted, p.conns)
}

func (p *proxy) end(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

// cut ends all connections that there are; new ones may come.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// part ends all connections, also those to come.
func (p *proxy) part() { p.open(false); p.cut() }

// join lets connections through again.
func (p *proxy) join() { p.open(true) }

func (p *proxy) open(open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = !open
}
