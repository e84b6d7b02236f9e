package sandbox_test

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// proxy is a proxy between a publisher and RabbitMQ.
type proxy struct {
	url      string        // URL of the broker through the proxy
	refused  chan struct{} // has an element after a connection was refused
	silenced chan struct{} // has an element after an answer was held back

	mu     sync.Mutex
	closed bool                  // guarded by mu: new connections are closed at once
	muted  bool                  // guarded by mu: answers of the broker are held back
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

// take adds a pair of connections. It returns false if the caller must close them.
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

// copy forwards data, and answers only while the proxy is not muted.
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

// mute starts or stops holding back the broker's answers.
func (p *proxy) mute(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.muted = on
	select {
	case <-p.silenced: // of an earlier call
	default:
	}
}

// shut starts or stops refusing new connections.
func (p *proxy) shut(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = on
}

// cut closes all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutLocked()
}

// lose is cut, and the held answers are lost: answers on new connections
// are not held back.
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
