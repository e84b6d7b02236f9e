package hub_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ranger/internal/hub"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// tcpServer is a server on loopback TCP, where sockets rest. What it hears of its
// connections tells a test when to go on.
type tcpServer struct {
	*server

	addr   string
	laid   chan struct{} // holds a value after a socket lay down
	reads  chan int      // of each read that a socket's reader has made, the bytes
	ended  chan int      // of each socket that ended, the code
	conns  sync.Map      // *heardConn by the client's address
	window int           // of the sockets' send buffers in bytes, where not 0
	stop   func()        // ends Run and returns when it has ended

	closing func() // called before a socket is closed, where not nil
}

// onTCP starts a server. At the end of the test it is cut off, and then no socket
// may be left.
func onTCP(t *testing.T, cfg setup, window int) *tcpServer {
	t.Helper()
	if cfg.verify == nil {
		cfg.verify = readToken
	}
	s := &tcpServer{
		server: &server{tb: t, metrics: &counters{}, log: &logBuffer{}, window: journal.New(cfg.journal)},
		laid:   make(chan struct{}, 1), reads: make(chan int, 1<<16), ended: make(chan int, 1<<16), window: window,
	}
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	s.hub = hub.New(unhurried(cfg.hub), s.server.window, noTokens{cfg.verify, s.metrics}, heard{s.metrics, s.ended}, logger)
	s.hub.SetCloseTimeout(rare)
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	web := &http.Server{Handler: s.hub, ReadHeaderTimeout: testenv.Patience}
	ctx, cancel := context.WithCancel(context.Background()) //nolint:usetesting // t.Context is done before the cleanup
	var serving, running sync.WaitGroup
	serving.Go(func() { _ = web.Serve(heardListener{listener, s}) })
	running.Go(func() { _ = s.hub.Run(ctx) })
	for !s.hub.Runs() { // before that no socket rests
		runtime.Gosched()
	}
	s.stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(func() {
		cut, now := context.WithCancel(ctx)
		now()
		s.hub.Drain(cut, 0)
		s.stop()
		_ = web.Close()
		serving.Wait()
		s.wantSockets(0, 0)
	})
	return s
}

// dial opens a socket that bears a token, where one is given.
func (s *tcpServer) dial(token string) *client {
	s.tb.Helper()
	return s.dialWith(token, new(net.Dialer))
}

func (s *tcpServer) dialWith(token string, d *net.Dialer) *client {
	s.tb.Helper()
	conn, err := d.DialContext(s.tb.Context(), "tcp", s.addr)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(func() { _ = conn.Close() })
	c := s.dialOver(conn, "/")
	if token != "" {
		c.talk([2]string{bearer(token), authenticated})
	}
	return c
}

// wantResting returns when so many sockets rest.
func (s *tcpServer) wantResting(n int) {
	s.tb.Helper()
	late := time.After(testenv.Patience)
	for s.hub.Parked() != n {
		select {
		case <-s.laid:
		case <-late:
			s.tb.Fatalf("%d sockets rest, want %d", s.hub.Parked(), n)
		}
	}
}

// wantRead returns when a reader has read so many bytes.
func (s *tcpServer) wantRead(n int) {
	s.tb.Helper()
	for n > 0 {
		select {
		case read := <-s.reads:
			n -= read
		case <-time.After(testenv.Patience):
			s.tb.Fatalf("%d bytes were not read", n)
		}
	}
}

// wantEnded returns when a socket has ended.
func (s *tcpServer) wantEnded(code int) {
	s.tb.Helper()
	select {
	case got := <-s.ended:
		if got != code {
			s.tb.Errorf("a socket ended with %d, want %d", got, code)
		}
	case <-time.After(testenv.Patience):
		s.tb.Fatalf("no socket has ended, want one with %d", code)
	}
}

// heard are Metrics that tell each ending.
type heard struct {
	*counters

	ended chan<- int
}

func (h heard) Closed(code int) {
	h.counters.Closed(code)
	h.ended <- code
}

// heardListener accepts connections of the system's that tell what becomes of them.
type heardListener struct {
	*net.TCPListener

	server *tcpServer
}

func (l heardListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	if l.server.window != 0 {
		if err := c.SetWriteBuffer(l.server.window); err != nil {
			return nil, err
		}
	}
	heard := &heardConn{TCPConn: c, server: l.server, stalled: make(chan struct{})}
	l.server.conns.Store(c.RemoteAddr().String(), heard)
	return heard, nil
}

type heardConn struct {
	*net.TCPConn

	server   *tcpServer
	hijacked atomic.Bool
	stalled  chan struct{} // closed once a write had to wait for the peer

	mu  sync.Mutex
	due time.Time // guarded by mu: when the last such write had to be done
}

// SetWriteDeadline is called by who begins to wait for the peer.
func (c *heardConn) SetWriteDeadline(due time.Time) error {
	if c.hijacked.Load() && !due.IsZero() {
		c.mu.Lock()
		if c.due.IsZero() {
			close(c.stalled)
		}
		c.due = due
		c.mu.Unlock()
	}
	return c.TCPConn.SetWriteDeadline(due)
}

// passDeadline has the write deadline pass that the connection has now.
func (c *heardConn) passDeadline() { _ = c.TCPConn.SetWriteDeadline(time.Unix(1, 0)) }

func (c *heardConn) isStalled() bool {
	select {
	case <-c.stalled:
		return true
	default:
		return false
	}
}

// conn returns the server's side of a client.
func (s *tcpServer) conn(c *client) *heardConn {
	s.tb.Helper()
	conn, ok := s.conns.Load(c.LocalAddr().String())
	if !ok {
		s.tb.Fatal("the client has no connection")
	}
	return conn.(*heardConn)
}

// wantStall returns when a write to the client had to wait for it: with the
// server's side, and when that write must be done.
func (s *tcpServer) wantStall(c *client) (conn *heardConn, due time.Time) {
	s.tb.Helper()
	conn = s.conn(c)
	select {
	case <-conn.stalled:
	case <-time.After(testenv.Patience):
		s.tb.Fatal("no write waits for the client")
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	return conn, conn.due
}

// Read is net/http's, until the hub has asked for the RawConn.
func (c *heardConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if c.hijacked.Load() && n > 0 {
		c.server.reads <- n
	}
	return n, err
}

// Close tells that it begins.
func (c *heardConn) Close() error {
	if f := c.server.closing; f != nil && c.hijacked.Load() {
		f()
	}
	return c.TCPConn.Close()
}

func (c *heardConn) SyscallConn() (syscall.RawConn, error) {
	c.hijacked.Store(true)
	raw, err := c.TCPConn.SyscallConn()
	return heardRaw{raw, c.server}, err
}

type heardRaw struct {
	syscall.RawConn

	server *tcpServer
}

// Control is what a socket lies down with.
func (r heardRaw) Control(f func(fd uintptr)) error {
	defer func() {
		select {
		case r.server.laid <- struct{}{}:
		default:
		}
	}()
	return r.RawConn.Control(f)
}

// heardAll forgets what was read so far.
func (s *tcpServer) heardAll() {
	for {
		select {
		case <-s.reads:
		default:
			return
		}
	}
}
