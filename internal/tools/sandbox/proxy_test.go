package sandbox_test

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// proxy stands between a Broker and RabbitMQ.
type proxy struct {
	url      string        // the broker's, through the proxy
	refused  chan struct{} // has one once a connection was ended at once
	silenced chan struct{} // has one once an answer was kept back

	mu     sync.Mutex
	closed bool                  // guarded by mu: new connections are ended at once
	muted  bool                  // guarded by mu: what the broker answers is kept back
	conns  map[net.Conn]struct{} // guarded by mu
}

func newProxy(tb testing.TB, url string) *proxy {
	tb.Helper()
	var listen net.ListenConfig
	l, err := listen.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	check(tb, err)
	_, target, _ := strings.Cut(url, "@")
	target, _, _ = strings.Cut(target, "/")
	p := &proxy{
		url: strings.Replace(url, target, l.Addr().String(), 1), conns: map[net.Conn]struct{}{},
		refused: make(chan struct{}, 1), silenced: make(chan struct{}, 1),
	}
	var running sync.WaitGroup
	running.Go(func() {
		var dial net.Dialer
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := dial.DialContext(tb.Context(), "tcp", target)
			if err != nil || !p.take(near, far) {
				_ = near.Close()
				if far != nil {
					_ = far.Close()
				}
				continue
			}
			running.Go(func() { p.copy(far, near, false) })
			running.Go(func() { p.copy(near, far, true) })
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		p.cut()
		running.Wait()
	})
	return p
}

// take keeps a pair of connections, and reports false where they are to be ended.
func (p *proxy) take(near, far net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		tell(p.refused)
		return false
	}
	p.conns[near], p.conns[far] = struct{}{}, struct{}{}
	return true
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// copy passes on what is sent, answers while the proxy is not muted.
func (p *proxy) copy(to, from net.Conn, answers bool) {
	defer to.Close()   //nolint:errcheck // the test is over, or has cut it
	defer from.Close() //nolint:errcheck // as above
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && answers && p.isMuted() {
			tell(p.silenced)
			continue
		}
		if _, werr := to.Write(buffer[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (p *proxy) isMuted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.muted
}

// mute keeps back what the broker answers, or no longer does.
func (p *proxy) mute(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.muted = on
	select {
	case <-p.silenced: // of a time before
	default:
	}
}

// shut ends connections to come at once, or no longer does.
func (p *proxy) shut(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = on
}

// cut ends all connections that there are.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutLocked()
}

// lose is cut, and what was kept back is lost: answers over connections to come
// are not kept back any longer.
func (p *proxy) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutLocked()
	p.muted = false
}

func (p *proxy) cutLocked() {
	for c := range p.conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}
